import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { importsOf } from './imports.ts';
import { modules } from './modules.ts';
import { moduleOf, problemsOf, type Sources, tableProblems } from './rules.ts';

const src = new URL('../../src/', import.meta.url).pathname;
const sources: Sources = new Map(
  globSync('**/*.ts', { cwd: src })
    .toSorted()
    .map((file) => [file, readFileSync(src + file, 'utf8')]),
);

/** The sources, with one line more at the top of a file. */
const withLine = (file: string, line: string): Sources => {
  const text = sources.get(file);
  if (text === undefined) throw new Error(`there is no src/${file}`);
  return new Map([...sources, [file, `${line}\n${text}`]]);
};

const fromNet = (names: string): string[] =>
  problemsOf(withLine('config/load.ts', `import ${names} from 'node:net';`));

test('every import of src is one that the table allows', () => {
  expect(sources.size).toBeGreaterThan(150);
  expect(problemsOf(sources)).toEqual([]);
});

test('the table has no circles, and nothing that no file needs', () => {
  expect(tableProblems(sources)).toEqual([]);
});

test('every module of the table has files', () => {
  const empty = modules.filter((module) => ![...sources.keys()].some((file) => moduleOf(file) === module));
  expect(empty).toEqual([]);
});

describe('what is not allowed', () => {
  it.each([
    ['config/load.ts', '../controller/queue.ts', 'src/config may not import src/controller'],
    ['controller/queue.ts', '../bundle/sources/open.ts', 'src/controller may not import src/bundle/sources'],
    ['csr/decode.ts', '../policy/error.ts', 'src/csr may not import src/policy'],
    ['bundle/bundle.ts', './sources/http.ts', 'src/bundle may not import src/bundle/sources'],
    ['config/load.ts', '../bundle/signature.ts', 'src/config may not import src/bundle'],
    ['verify/run.ts', '../kube/transport.ts', 'src/verify may not import src/kube'],
    ['text/escape.ts', '../no/such.ts', 'there is no src/no/such.ts'],
    ['bundle/bundle.ts', 'undici', 'src/bundle may not use network'],
    ['activation/load.ts', 'node:http', 'src/activation may not use network'],
    ['policy/engine.ts', 'node:net', 'src/policy may not use network'],
    ['cli/run.ts', 'node:tls', 'src/cli may not use network'],
    ['observe/log.ts', 'node:dns/promises', 'src/observe may not use DNS'],
    ['cli/run.ts', 'node:child_process', 'src/cli may not use processes'],
    ['cli/run.ts', 'node:vm', 'src/cli may not use node:vm'],
    ['controller/queue.ts', 'left-pad', 'src/controller may not use left-pad'],
    [
      'facts/node.ts',
      '@kubernetes/client-node/dist/config.js',
      'src/facts may not use @kubernetes/client-node',
    ],
  ])('src/%s importing %s', (file, target, reason) => {
    const found = problemsOf(withLine(file, `import { x } from '${target}';`));
    expect(found.map((line) => line.replace(/ \(.*\)$/, ''))).toContain(
      `src/${file} imports ${target}: ${reason}`,
    );
  });

  it('is named for types, too', () => {
    const found = problemsOf(withLine('csr/decode.ts', "import type { x } from '../policy/error.ts';"));
    expect(found).toHaveLength(1);
  });

  it('is the network by any name but those that only compute', () => {
    expect(fromNet('{ isIP, isIPv6 as six }')).toEqual([]);
    expect(fromNet('{ isIP, connect }')).toHaveLength(1);
    expect(fromNet('net')).toHaveLength(1);
    expect(fromNet('* as net')).toHaveLength(1);
  });

  it('is input or output behind a pure module, at any distance', () => {
    const found = problemsOf(withLine('policy/needs.ts', "import { readFileSync } from 'node:fs';"));
    expect(found).toContain('src/decide/decide.ts is to be pure, and reaches policy/needs.ts > node:fs');
  });

  it('is a clock in a pure module', () => {
    expect(problemsOf(withLine('decide/verdict.ts', 'const now = Date.now();'))).toEqual([
      'src/decide/verdict.ts is to be pure, and has Date.now: take it as an argument',
    ]);
  });

  it('is a file in a folder without a row', () => {
    expect(problemsOf(new Map([...sources, ['new/x.ts', '']]))).toEqual([
      'src/new/x.ts: no module: give its folder a row in test/architecture/modules.ts',
    ]);
  });

  it('is a row that imports one above it, or what no file needs', () => {
    const wrong = modules.map((module) =>
      module.folder === 'csr' ? { ...module, imports: ['decide'] } : module,
    );
    expect(tableProblems(sources, wrong)).toEqual([
      'csr imports decide, which is not below it',
      'csr has no need of decide',
    ]);
  });
});

describe('reading imports', () => {
  it.each([
    ["import x from 'a';", ['a']],
    ["import x, { y } from 'a';", ['a']],
    ["import type { y } from 'a';", ['a']],
    ["import {\n  x,\n  type y,\n} from './a.ts';", ['./a.ts']],
    ['import x from "a";', ['a']],
    ["import 'a';", ['a']],
    ["export * from './a.ts';", ['./a.ts']],
    ["export { x } from './a.ts';", ['./a.ts']],
    ["export type { x } from './a.ts';", ['./a.ts']],
    ["const x = await import('a');", ['a']],
    ["new Worker(new URL('./a.ts', import.meta.url));", ['./a.ts']],
    ["const url = bundled ? WORKER : './a.ts';", ['./a.ts']],
    ["new URL('https://a.example/');", []],
    ["new URL('../a.wasm', import.meta.url);", []],
    ["import x from 'a';\nimport y from 'b';\nexport const z = 1;", ['a', 'b']],
    ["// import x from 'a';", []],
    ["/** import x from 'a';\nimport y from 'b'; */", []],
  ])('%j', (text, targets) => {
    expect(importsOf(text).map(({ target }) => target)).toEqual(targets);
  });

  it('knows types, which are gone when the program runs', () => {
    expect(importsOf("import type { x } from 'a';\nimport { type y, z as w } from 'b';")).toEqual([
      { target: 'a', names: ['x'], typeOnly: true },
      { target: 'b', names: ['y', 'z'], typeOnly: false },
    ]);
  });

  it.each([
    'import(name)',
    "require('a')",
    'createRequire(import.meta.url)',
    "process.getBuiltinModule('fs')",
  ])('refuses %s, which hides what it imports', (text) => {
    expect(() => importsOf(`const x = ${text};`)).toThrow('import a module by name');
  });
});
