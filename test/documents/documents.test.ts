import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { current, generated, root } from './documents.ts';
import { metricNames } from './metrics-table.ts';

const documents = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'policies/README.md',
  'deploy/README.md',
  'test/README.md',
];

test.each(generated)('$file $part is what `make docs` writes', async (document) => {
  expect(readFileSync(root + document.file, 'utf8')).toBe(await current(document));
});

test.each(documents)('every relative link of %s leads somewhere', (file) => {
  const links = [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
  const dead = links.filter((target) => !existsSync(join(root, dirname(file), target)));
  expect(dead).toEqual([]);
});

/** Of a heading, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

test.each(documents)('every link of %s to a heading leads to one', (file) => {
  const dead = [...read(file).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].filter(
    ([, target = '', anchor = '']) => {
      const text = read(target === '' ? file : join(dirname(file), target));
      const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
      return !headings.includes(anchor.replaceAll(/\s/g, ''));
    },
  );
  expect(dead.map(([link]) => link)).toEqual([]);
});

test('every metric of ours that the guide names is there', () => {
  const names = [...read('deploy/README.md').matchAll(/\bcsr_approver_[a-z_]+[a-z]\b/g)].map(
    ([name]) => name,
  );
  expect(names.length).toBeGreaterThan(metricNames().length);
  expect(names.filter((name) => !metricNames().includes(name))).toEqual([]);
});

test.each(documents)('every make target that %s names is there', (file) => {
  const makefile = read('Makefile');
  // In code, be it in a line or a block; prose makes other things.
  const code = [...read(file).matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([text]) => text).join('\n');
  const targets = [...code.matchAll(/\bmake ([a-z][a-z0-9-]*)/g)].map(([, target = '']) => target);
  expect(targets.length > 0 || !/`make /.test(read(file))).toBe(true);
  const missing = targets.filter((target) => !new RegExp(`^${target}:`, 'm').test(makefile));
  expect(missing).toEqual([]);
});

test.each(['README.md', 'CONTRIBUTING.md'])('every path that %s names in code is there', (file) => {
  const named = [...read(file).matchAll(/`((?:src|test|policies|deploy)\/[^`\s]*)`/g)].map(
    ([, path = '']) => path,
  );
  // In capitals: a name to be chosen.
  const missing = named.filter((path) => !/\b[A-Z]{3,}[._]/.test(path) && !existsSync(root + path));
  expect(named.length).toBeGreaterThan(5);
  expect(missing).toEqual([]);
});

/** Their rows are written by hand, beside what they are about; those of bundles are a `Record` of all codes. */
test.each([
  ['Source', 'src/bundle/source-codes.ts', 'deploy/README.md'],
  ['Overlay', 'src/bundle/error.ts', 'policies/README.md'],
])('every code %s… of %s has a row in %s', (prefix, source, file) => {
  const codes = [...read(source).matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code = '']) => code);
  const ours = codes.filter((code) => code.startsWith(prefix));
  const rows = read(file)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ')[0])
    .join('\n');
  expect(ours.length).toBeGreaterThan(3);
  expect(ours.filter((code) => !rows.includes(`\`${code}\``))).toEqual([]);
});

test('test/README.md has the steps of `make test`, in their order', () => {
  const source = read('test/all.ts').split('const steps')[1]?.split('\n];')[0] ?? '';
  const steps = [...source.matchAll(/(?:name: |vitest\()'([^']+)'/g)].map(([, name = '']) => name);
  const section = read('test/README.md').split('| step |')[1]?.split('\n\n')[0] ?? '';
  const rows = section.split('\n').map((line) => line.split(' | ')[0] ?? '');
  const listed = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
  expect(steps.length).toBeGreaterThan(10);
  expect(listed).toEqual(steps);
});

test('test/README.md has a row for every chaos scenario, and their number', () => {
  const files = readdirSync(`${root}test/chaos`).filter((file) => file.endsWith('.test.ts'));
  const scenarios = files.flatMap((file) =>
    [...read(`test/chaos/${file}`).matchAll(/^scenario\(\s*(['"])(.+?)\1/gm)].map(([, , name = '']) => name),
  );
  const section = read('test/README.md').split('\n## Chaos\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| (?!scenario|---)([^|]+?) \| [^|]+ \| [^|]+ \|$/gm)];
  expect(rows.map(([, name = '']) => name).sort()).toEqual(scenarios.sort());
  expect(scenarios.length).toBeGreaterThan(15);
  expect(section).toContain(`${String(scenarios.length)} scenarios`);
});

function read(file: string): string {
  return readFileSync(root + file, 'utf8');
}
