import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../tools/run.ts';

/** What is published is made of what is here now, also where an older build of it is in dist/. */

const sources = [
  'src/main.ts',
  'src/policy/floor.ts',
  'src/compiler/opa/main.go',
  'package.json',
  'package-lock.json',
  ...['build', 'template', 'compiler', 'wasm-memory'].map((name) => `deploy/program/${name}.ts`),
  ...['floor', 'default', 'template', 'examples', 'schemas'].flatMap((name) => [
    `policies/${name}/a.rego`,
    `policies/${name}/b.rego`,
  ]),
  'policies/capabilities.json',
];
const targets = [
  'node_modules/.package-lock.json',
  ...['floor.tar.gz', 'default.tar.gz', 'template.tar.gz', 'opa-compiler.wasm.br', 'rego-csr-approver'].map(
    (name) => `dist/${name}`,
  ),
];

// Whoever runs this may be make itself.
const { MAKEFLAGS: _, MFLAGS: __, MAKELEVEL: ___, ...env } = process.env;
let root: string;
const planned = async () => {
  const { stdout } = await run('make', ['--dry-run', 'build'], { cwd: root, env });
  return stdout;
};

/** As after a build of a minute ago, of sources that are older. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'makefile-'));
  copyFileSync(new URL('../../../Makefile', import.meta.url), join(root, 'Makefile'));
  const now = Date.now() / 1000;
  for (const [files, age] of [
    [sources, 120],
    [targets, 60],
  ] as const) {
    for (const file of files) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), '');
      utimesSync(join(root, file), now - age, now - age);
    }
  }
  // The last one changed them.
  for (const folder of new Set(sources.flatMap((file) => [dirname(file), dirname(dirname(file))]))) {
    utimesSync(join(root, folder), now - 120, now - 120);
  }
});
afterEach(() => rmSync(root, { recursive: true }));

const touch = (file: string) => writeFileSync(join(root, file), 'changed');
const remove = (file: string) => rmSync(join(root, file));

test.each([
  ['a source', touch, 'src/main.ts', 'node deploy/program/build.ts'],
  ['the loss of a source', remove, 'src/policy/floor.ts', 'node deploy/program/build.ts'],
  ['a dependency of a dependency', touch, 'package-lock.json', 'node deploy/program/build.ts'],
  ['a rule', touch, 'policies/default/a.rego', '-o dist/default.tar.gz.new'],
  ['the loss of a rule', remove, 'policies/default/a.rego', '-o dist/default.tar.gz.new'],
  ['the loss of an example', remove, 'policies/examples/a.rego', 'node deploy/program/template.ts'],
])('%s has it built again', async (_name, change, file, command) => {
  expect(await planned()).not.toContain(command);
  change(file);
  expect(await planned()).toContain(command);
});
