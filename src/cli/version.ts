import { readFileSync } from 'node:fs';
import { z } from 'zod';

// Replaced when the program is built; package.json states the version once.
declare const VERSION: string | undefined;

export const version: string = typeof VERSION === 'string' ? VERSION : stated();

function stated(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(file)).version;
}
