import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { guideBlocks } from '../support/guide.ts';
import { current, generated, root } from './documents.ts';
import { metricNames } from './metrics-table.ts';

const documents = [
  'README.md',
  'SECURITY.md',
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

test('rules of Prometheus that the guide shows are whole', () => {
  const [text = ''] = guideBlocks('Health and metrics', 'yaml');
  const rule = z.strictObject({ alert: z.string(), expr: z.string(), for: z.string().regex(/^[0-9]+m$/) });
  const group = z.strictObject({ name: z.string(), rules: z.array(rule) });
  const { groups } = z.strictObject({ groups: z.array(group) }).parse(parse(text));
  expect(groups.flatMap(({ rules }) => rules)).toHaveLength(3);
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

function read(file: string): string {
  return readFileSync(root + file, 'utf8');
}
