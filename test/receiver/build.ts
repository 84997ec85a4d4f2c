import { buildOwn } from '../tools/own.ts';

/** The path of an up-to-date receiver. */
export function buildReceiver(): Promise<string> {
  return buildOwn(import.meta.dirname);
}
