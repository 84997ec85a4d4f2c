import { expect, test } from 'vitest';
import { printFindings, printFindingsJson } from '../../../src/cli/doctor-output.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import type { IO } from '../../../src/cli/io.ts';

const about = { server: 'https://api', kubernetes: 'v1.36.3', namespace: 'n', serviceAccount: 's' };
const finding: Finding = {
  group: 'Permissions',
  code: 'OtherGrant',
  severity: 'warning',
  seen: `ClusterRoleBinding x ${'grants it to many '.repeat(9)}\u001b[31m`,
  why: 'It matters.',
  mend: 'Take it away.',
  commands: [`kubectl ${'delete '.repeat(20)}`],
};
const fine: Finding = {
  ...finding,
  group: 'API server',
  code: 'OK',
  severity: 'ok',
  seen: 'well',
  commands: [],
};
const blind: Finding = { ...fine, code: 'Blind', severity: 'unknown', mend: 'Run it as another.' };

function printed(print: (io: IO) => void): string {
  let text = '';
  // oxlint-disable-next-line no-unsafe-type-assertion -- nothing else is used
  print({ out: (chunk: string) => (text += chunk) } as unknown as IO);
  return text;
}

test('for people: by group, in lines of a terminal, commands in one', () => {
  const lines = printed((io) => printFindings([fine, finding, blind], about, io)).split('\n');
  expect(lines.slice(0, 6)).toEqual([
    'https://api, Kubernetes v1.36.3',
    'namespace n, ServiceAccount s',
    '',
    'API server',
    '  + ok       OK          well',
    '  ? unknown  Blind       well',
  ]);
  expect(lines).toContain('             do:  Run it as another.');
  expect(lines).toContain('             why: It matters.');
  const [command = ''] = lines.filter((line) => line.includes('$ kubectl'));
  expect(command.length).toBeGreaterThan(110);
  expect(lines.filter((line) => line !== command).every((line) => line.length <= 110)).toBe(true);
  expect(lines.at(-2)).toBe('0 errors, 1 warning, 1 unknown, 0 info, 1 ok');
  expect(lines.join('')).not.toContain('\u001b');
});

test('for programs: one document', () => {
  const text = printed((io) => printFindingsJson([fine, finding], about, io));
  expect(text).not.toContain('\u001b');
  expect(JSON.parse(text)).toEqual({
    ...about,
    summary: { error: 0, warning: 1, unknown: 0, info: 0, ok: 1 },
    findings: [fine, finding],
  });
});
