import { describe, expect, test } from 'vitest';
import { readReasons } from '../../../src/policy/reasons.ts';
import { Rulebook } from '../../../src/policy/rulebook.ts';

const signerName = 'kubernetes.io/kubelet-serving';

function book(files: Readonly<Record<string, string>>, root = 'mine') {
  const sources = new Map(Object.entries(files));
  return new Rulebook({ metadata: readReasons(sources), sources, data: {}, root, signerName });
}
const coded = (code: string, rule: string) => `# METADATA\n# custom: {code: ${code}}\n${rule}\n`;
const places = (of: Rulebook, code: string, kind?: 'deny' | 'wait') =>
  of.rulesOf(code, kind).map((rule) => `${rule.package}.${rule.name} ${rule.file}:${String(rule.line)}`);

describe('the rule of a code', () => {
  test('is named with package, file and line below its METADATA', () => {
    const source = `package mine\n\n${coded('A', '\ndeny contains 1')}`;
    expect(places(book({ '/policies/a.rego': source }), 'A')).toEqual(['mine.deny policies/a.rego:6']);
  });

  test('is that of the package nearest to the entrypoint', () => {
    const files = {
      far: `package far\n${coded('A', 'deny contains 1')}`,
      base: `package base\nimport data.far\n${coded('A', 'deny contains 1')}`,
      mine: 'package mine\nimport data.base\ndeny contains r if some r in base.deny',
    };
    expect(places(book(files), 'A')).toEqual(['base.deny base:5']);
    expect(places(book(files, 'far'), 'A')).toEqual(['far.deny far:4']);
  });

  test('is found where no import leads, if there is no other', () => {
    const files = { other: `package other\n${coded('A', 'deny contains 1')}`, mine: 'package mine\n' };
    expect(places(book(files), 'A')).toEqual(['other.deny other:4']);
  });

  test('makes reasons of the kind that is asked for, also by a name that ends so', () => {
    const source = `package mine\n${coded('A', 'wait contains 1')}${coded('A', '_name_deny contains 1')}${coded('A', 'reasons contains 1')}`;
    const of = book({ a: source });
    expect(places(of, 'A', 'deny')).toEqual(['mine._name_deny a:7']);
    expect(places(of, 'A', 'wait')).toEqual(['mine.wait a:4']);
    expect(places(of, 'A')).toHaveLength(3);
  });

  test('is none that only conftest runs, of another signer, or without METADATA', () => {
    const files = {
      mine: `package mine\nimport data.client\nimport data.serving\n${coded('V', 'violation contains 1')}deny contains {"code": "Bare"}`,
      client: `# METADATA\n# custom: {signer_name: other}\npackage client\n${coded('A', 'deny contains 1')}`,
      serving: `# METADATA\n# custom: {signer_name: ${signerName}}\npackage serving\n${coded('A', 'deny contains 1')}`,
    };
    const of = book(files);
    expect(places(of, 'A')).toEqual(['serving.deny serving:6']);
    expect(places(of, 'V')).toEqual([]);
    expect(places(of, 'Bare')).toEqual([]);
  });
});

const readsOf = (files: Readonly<Record<string, string>>) => {
  const of = book(files);
  const [rule] = of.rulesOf('A', undefined);
  return rule && of.reads(rule).map((path) => path.join('.'));
};

describe('a rule reads', () => {
  test.each([
    ['itself', 'deny contains 1 if input.a.b == data.knobs.c', ['input.a.b', 'data.knobs.c']],
    [
      'by another rule, the nearest first',
      'deny contains 1 if { not _x; input.z }\n_x if input.a',
      ['input.z', 'input.a'],
    ],
    ['by an alias', 'deny contains 1 if _config.c > 1\n_config := data.mine.config', ['data.mine.config.c']],
    ['the outer path of two', 'deny contains 1 if { input.a.b; input.a }', ['input.a']],
    ['by rules in a circle', 'deny contains 1 if _x\n_x if { _x; input.a }', ['input.a']],
    ['not the whole document', 'deny contains 1 if f(input)', []],
  ])('%s', (_, source, expected) => {
    expect(readsOf({ a: `package mine\n${coded('A', source)}` })).toEqual(expected);
  });

  test('by rules of an imported package, and in the right one of two files', () => {
    const files = {
      one: `package mine\nimport data.base as b\n${coded('A', 'deny contains 1 if not b.ok')}`,
      two: 'package mine\n\n\n\ndeny contains 1 if input.wrong',
      base: 'package base\nok if input.right',
    };
    expect(readsOf(files)).toEqual(['input.right']);
  });

  test('at most 16 paths', () => {
    const body = Array.from({ length: 40 }, (_, index) => `input.x${String(index)}`).join('; ');
    expect(readsOf({ a: `package mine\n${coded('A', `deny contains 1 if { ${body} }`)}` })).toHaveLength(16);
  });
});

test('every body of a rule has its place', () => {
  const of = book({
    '/a.rego': 'package mine\ndefault allow := false\n\nallow if input.x\n',
    b: 'package b\nallow if input.y',
  });
  expect(of.placesOf('allow')).toEqual(['a.rego:2', 'a.rego:4']);
});
