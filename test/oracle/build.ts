import { buildOwn } from '../tools/own.ts';

/** The path of an up-to-date oracle. */
export function buildOracle(): Promise<string> {
  return buildOwn(import.meta.dirname);
}
