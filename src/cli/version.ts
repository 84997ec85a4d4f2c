import { readFileSync } from 'node:fs';

// Replaced when the program is built; package.json states the version once.
declare const VERSION: string | undefined;

export const version: string =
  typeof VERSION === 'string'
    ? VERSION
    : (
        JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
          version: string;
        }
      ).version;
