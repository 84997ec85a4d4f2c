import { PolicyError } from '../bundle/error.ts';
import { BuildError } from '../compiler/error.ts';
import { ConfigError } from '../config/load.ts';
import { CaseError } from '../verify/error.ts';
import { printable } from '../text/json.ts';
import { CommandError } from './error.ts';
import { noCommand } from './no-command.ts';

/** What went wrong, in a line that begins with its code; undefined for what has none. */
export function failureLine(cause: unknown): string | undefined {
  const isNamed =
    cause instanceof BuildError ||
    cause instanceof CaseError ||
    cause instanceof CommandError ||
    cause instanceof ConfigError ||
    cause instanceof PolicyError;
  return isNamed ? `error: ${cause.code}: ${shown(cause.code, cause.message)}\n` : undefined;
}

/** What is said in several lines: opa's own text, and every field of a configuration that is wrong. */
const ofSeveralLines: ReadonlySet<string> = new Set([
  'CompilationFailed',
  'CompilerCrashed',
  'LinkRefused',
  'ConfigInvalid',
]);

/** Messages of the system quote names of files as they are; and those come with the repository that is looked at. */
function shown(code: string, message: string): string {
  if (!ofSeveralLines.has(code)) return printable(message);
  const lines = message.split('\n').map((line) => line.split('\t').map(printable).join('\t'));
  return lines.map(noCommand).join('\n');
}
