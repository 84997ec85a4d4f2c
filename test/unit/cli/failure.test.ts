import { expect, test } from 'vitest';
import { BuildError } from '../../../src/compiler/error.ts';
import { PolicyError } from '../../../src/bundle/error.ts';
import { CommandError } from '../../../src/cli/error.ts';
import { failureLine } from '../../../src/cli/failure.ts';
import { ConfigError } from '../../../src/config/load.ts';

test.each<[string, Error, string]>([
  [
    'a name of a file in one of the system',
    new BuildError('DirectoryUnreadable', "EACCES: open 'a\n::error::b\u001b[2J'"),
    String.raw`error: DirectoryUnreadable: EACCES: open 'a\u000a::error::b\u001b[2J'`,
  ],
  [
    'the same of a command',
    new CommandError('VendoredEdited', 'policy/csr/a\n.rego'),
    String.raw`error: VendoredEdited: policy/csr/a\u000a.rego`,
  ],
  [
    "lines of a policy in opa's text, which keeps its lines and columns",
    new BuildError('CompilationFailed', '1 error\n\t::error::x :: y\n\t^\nz ##[error]'),
    'error: CompilationFailed: 1 error\n\t\\u003a:error::x :: y\n\t^\nz \\u0023#[error]',
  ],
  [
    'fields of a configuration',
    new ConfigError('ConfigInvalid', 'a\nb\u202e'),
    'error: ConfigInvalid: a\nb\\u202e',
  ],
  [
    'what is escaped already, which stays as it is',
    new PolicyError('DataInvalid', 'a\n\\b'),
    String.raw`error: DataInvalid: a\u000a\b`,
  ],
])('%s', (_, cause, line) => {
  expect(failureLine(cause)).toBe(`${line}\n`);
});

test('what has no code is none of these', () => {
  expect(failureLine(new TypeError('x'))).toBeUndefined();
});
