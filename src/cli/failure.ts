import { PolicyError } from '../bundle/error.ts';
import { BuildError } from '../compiler/error.ts';
import { ConfigError } from '../config/load.ts';
import { CaseError } from '../verify/error.ts';
import { CommandError } from './error.ts';

/** What went wrong, in a line that begins with its code; undefined for what has none. */
export function failureLine(cause: unknown): string | undefined {
  const isNamed =
    cause instanceof BuildError ||
    cause instanceof CaseError ||
    cause instanceof CommandError ||
    cause instanceof ConfigError ||
    cause instanceof PolicyError;
  return isNamed ? `error: ${cause.code}: ${cause.message}\n` : undefined;
}
