import { describe, expect, test } from 'vitest';
import { parseBundle } from '../../../src/bundle/bundle.ts';
import { members } from '../../support/bundle.ts';

const manifest = {
  revision: 'r1',
  roots: ['csr/x'],
  wasm: [
    {
      entrypoint: 'csr/x/decision',
      module: '/policy.wasm',
      annotations: [{ scope: 'rule', entrypoint: true, custom: { signer_name: 'a.b/c' } }],
    },
  ],
};
const [entry] = manifest.wasm;
const good = {
  '.manifest': manifest,
  'policy.wasm': 'wasm',
  'csr/x/data.yaml': 'config: {a: 1}',
  'csr/x/decision.rego': 'package csr.x',
};
const parse = (replaced: Readonly<Record<string, unknown>>) => parseBundle(members({ ...good, ...replaced }));
const withManifest = (replaced: object) => ({ '.manifest': { ...manifest, ...replaced } });

test('a good one', () => {
  const bundle = parse({});
  expect(bundle).toMatchObject({
    revision: 'r1',
    roots: ['csr/x'],
    data: { csr: { x: { config: { a: 1 } } } },
    entrypoints: [{ path: 'csr/x/decision', annotation: { custom: { signer_name: 'a.b/c' } } }],
  });
  expect([...bundle.sources.keys()]).toEqual(['csr/x/decision.rego']);
});

describe('with one thing changed', () => {
  const latin1 = Uint8Array.of(0x7b, 0xe9, 0x7d);
  test.each<[string, Readonly<Record<string, unknown>>, string, RegExp]>([
    [
      '257 roots',
      withManifest({ roots: Array.from({ length: 257 }, (_, n) => `r${String(n)}`) }),
      'ManifestInvalid',
      /roots/,
    ],
    [
      '257 entrypoints',
      withManifest({ wasm: Array.from({ length: 257 }, () => entry) }),
      'ManifestInvalid',
      /wasm/,
    ],
    [
      'data of too many bytes',
      { 'csr/x/data.yaml': undefined, 'csr/x/data.json': { a: 'x'.repeat(4 * 1024 * 1024) } },
      'DataInvalid',
      /data\.json: more than 4194304 bytes of JSON: keep large data out/,
    ],
    [
      'YAML of too many bytes in two files',
      { 'csr/x/data.yaml': `a: ${'x'.repeat(200_000)}`, 'csr/x/y/data.yaml': `a: ${'x'.repeat(200_000)}` },
      'DataInvalid',
      /y\/data\.yaml: more than 262144 bytes of YAML: write it as JSON/,
    ],
    [
      'data of too many values in two files',
      Object.fromEntries(
        ['y', 'z'].map((name) => [
          `csr/x/${name}/data.json`,
          { a: Array.from({ length: 140_000 }, () => 0) },
        ]),
      ),
      'DataInvalid',
      /z\/data\.json: more than 262144 values/,
    ],
    [
      'data of too many values in one',
      { 'csr/x/y/data.json': { a: Array.from({ length: 263_000 }, () => 0) } },
      'DataInvalid',
      /more than 262144 values/,
    ],
    [
      'a number of many digits',
      { 'csr/x/y/data.json': `{"a": 0.1${'0'.repeat(2_000_000)}1}` },
      'DataInvalid',
      /a: 0\.10+ has too many digits/,
    ],
    [
      'a manifest of many values',
      withManifest({ roots: Array.from({ length: 40_000 }, () => 0) }),
      'ManifestInvalid',
      /more than 32768 values/,
    ],
    ['a delta', { 'patch.json': {} }, 'BundleDelta', /snapshot/],
    ['no manifest', { '.manifest': undefined }, 'ManifestMissing', /opa build/],
    ['a manifest that is no JSON', { '.manifest': 'roots: []' }, 'ManifestInvalid', /\.manifest: /],
    ['a manifest that is a list', { '.manifest': [] }, 'ManifestInvalid', /object/],
    ['a manifest that is not UTF-8', { '.manifest': latin1 }, 'BundleUnreadable', /UTF-8/],
    ['roots that are no list', withManifest({ roots: 'csr' }), 'ManifestInvalid', /roots/],
    [
      'no module',
      { ...withManifest({ wasm: [] }), 'csr/x/decision.rego': undefined },
      'WasmMissing',
      /^the bundle has .*opa build -t wasm/,
    ],
    [
      'sources alone',
      withManifest({ wasm: [] }),
      'WasmMissing',
      /these are sources; build them with `rego-csr-approver build DIR` or `opa build/,
    ],
    ['a module that is not there', { 'policy.wasm': undefined }, 'WasmMissing', /policy\.wasm/],
    [
      'two modules',
      withManifest({ wasm: [entry, { ...entry, module: '/other.wasm' }] }),
      'WasmAmbiguous',
      /policy\.wasm, other\.wasm/,
    ],
    [
      'a second module that nobody names',
      { 'csr/x/policy.wasm': 'wasm' },
      'WasmAmbiguous',
      /csr\/x\/policy\.wasm/,
    ],
    ['an entrypoint twice', withManifest({ wasm: [entry, entry] }), 'ManifestInvalid', /twice/],
    [
      'an entrypoint outside of the roots',
      withManifest({ wasm: [entry, { ...entry, entrypoint: 'csr/xy/decision' }] }),
      'RootsInvalid',
      /csr\/xy\/decision is outside/,
    ],
    ['a manifest in another folder', { 'csr/x/.manifest': {} }, 'ManifestInvalid', /csr\/x\/\.manifest/],
    ['a manifest that ends like one', { 'x.manifest': {} }, 'ManifestInvalid', /x\.manifest/],
    ['a manifest in protobuf', { '.manifest.pb': '' }, 'ManifestInvalid', /in JSON/],
    ['a delta in another folder', { 'csr/patch.json': {} }, 'BundleDelta', /snapshot/],
    [
      'a field that only Go reads',
      withManifest({ Roots: ['csr'] }),
      'ManifestInvalid',
      /write Roots as roots/,
    ],
    [
      'a manifest with a key twice',
      { '.manifest': '{"roots": [], "roots": []}' },
      'ManifestInvalid',
      /"roots" is there twice/,
    ],
    ['Rego of the future', withManifest({ rego_version: 2 }), 'RegoVersionUnknown', /version 2/],
    [
      'a file of Rego of the future',
      withManifest({ file_rego_versions: { '/a.rego': 7 } }),
      'RegoVersionUnknown',
      /version 7/,
    ],
    ['a Rego version in words', withManifest({ rego_version: 'v1' }), 'ManifestInvalid', /rego_version/],
    ['roots one in another', withManifest({ roots: ['csr/x', 'csr/x/y'] }), 'RootsInvalid', /overlap/],
    ['a root twice', withManifest({ roots: ['csr/x', '/csr/x/'] }), 'RootsInvalid', /overlap/],
    [
      'a package outside of the roots',
      { 'csr/x/a.rego': 'package csr.xy' },
      'RootsInvalid',
      /csr\.xy is outside/,
    ],
    ['a source without package', { 'csr/x/a.rego': '# package csr.x' }, 'RootsInvalid', /\(none\)/],
    [
      'an entrypoint without annotations',
      withManifest({ wasm: [{ entrypoint: 'csr/x/decision', module: 'policy.wasm' }] }),
      'AnnotationsMissing',
      /csr\/x\/decision.*without -O/,
    ],
    [
      'annotations of something else',
      withManifest({ wasm: [{ ...entry, annotations: [{ scope: 'package' }] }] }),
      'AnnotationsMissing',
      /METADATA/,
    ],
    ['no roots', withManifest({ roots: undefined }), 'RootsInvalid', /opa build -b/],
    ['an empty list of roots', withManifest({ roots: [] }), 'RootsInvalid', /roots/],
    ['a root that is everything', withManifest({ roots: [''] }), 'RootsInvalid', /roots/],
    ['a root that is a slash', withManifest({ roots: ['csr/x', '/'] }), 'RootsInvalid', /roots/],
    ['data outside of the roots', { 'other/data.json': { a: 1 } }, 'RootsInvalid', /other/],
    ['data at the top', { 'data.json': { a: 1 } }, 'RootsInvalid', /at a is outside/],
    ['data beside a root', { 'csr/data.json': { xy: 1 } }, 'RootsInvalid', /csr\/xy/],
    ['data that is a list', { 'csr/x/data.yaml': '[]' }, 'DataInvalid', /csr\/x\/data\.yaml: an object/],
    ['empty data', { 'csr/x/data.yaml': '' }, 'DataInvalid', /an object/],
    ['data that is no YAML', { 'csr/x/data.yaml': 'a: [' }, 'DataInvalid', /csr\/x\/data\.yaml/],
    ['data with a key twice', { 'csr/x/data.yaml': 'a: 1\na: 2' }, 'DataInvalid', /key "a" is there twice/],
    ['data that is no JSON', { 'csr/x/data.json': '{a: 1}' }, 'DataInvalid', /csr\/x\/data\.json/],
    [
      'data twice',
      { 'csr/x/data.json': { config: { a: 2 } } },
      'DataInvalid',
      /csr\.x\.config\.a is set by two/,
    ],
    ['data of two kinds', { 'csr/x/config/data.json': [] }, 'DataInvalid', /an object/],
    ['data in a hidden folder', { '.csr/x/data.json': {} }, 'DataInvalid', /\.csr/],
    ['data with a mark', { 'csr/x/data.json': '\uFEFF{}' }, 'BundleUnreadable', /byte order mark/],
    [
      'data with half a character',
      { 'csr/x/data.json': String.raw`{"a": "\ud800"}` },
      'DataInvalid',
      /Unicode/,
    ],
    [
      'a JSON key twice',
      { 'csr/x/data.json': String.raw`{"a": 1, "b": {"a": [{}, "a"]}, "\u0061": 2}` },
      'DataInvalid',
      /"a" is there twice/,
    ],
    [
      'a number that would change',
      { 'csr/x/data.json': '{"a": [9007199254740993]}' },
      'DataInvalid',
      /a\.0: 9007199254740993 has too many digits/,
    ],
    ['a number that is none', { 'csr/x/data.json': '{"a": 1e400}' }, 'DataInvalid', /1e400/],
    [
      'a YAML number that would change',
      { 'csr/x/data.yaml': 'a: 9007199254740993' },
      'DataInvalid',
      /too many digits/,
    ],
    ['a YAML word of two minds', { 'csr/x/data.yaml': 'a: no' }, 'DataInvalid', /"no" is not the same/],
    ['a YAML number of two minds', { 'csr/x/data.yaml': 'a: 010' }, 'DataInvalid', /"010"/],
    ['a YAML key of two minds', { 'csr/x/data.yaml': 'on: 1' }, 'DataInvalid', /"on"/],
    ['a YAML number that is none', { 'csr/x/data.yaml': 'a: .inf' }, 'DataInvalid', /Infinity/],
    ['a YAML tag', { 'csr/x/data.yaml': 'a: !!binary aGk=' }, 'DataInvalid', /tag/],
    [
      'a YAML key that is a list',
      { 'csr/x/data.yaml': '? [a]\n: 1' },
      'DataInvalid',
      /a key that is no text/,
    ],
    ['a YAML key twice, as text', { 'csr/x/data.yaml': '1: a\n"1": b' }, 'DataInvalid', /"1" is there twice/],
    ['two YAML documents', { 'csr/x/data.yaml': 'a: 1\n---\nb: 1' }, 'DataInvalid', /multiple documents/],
    [
      'YAML that grows',
      {
        'csr/x/data.yaml': `a: &a [1]\nb: [${'*a,'.repeat(200)}]\nc: &c [${'*a,'.repeat(99)}]\nd: [${'*c,'.repeat(99)}]`,
      },
      'DataInvalid',
      /alias/,
    ],
    ['a key that JavaScript knows', { 'csr/x/data.json': '{"__proto__": {}}' }, 'DataInvalid', /__proto__/],
    ['data that is not UTF-8', { 'csr/x/data.yaml': latin1 }, 'BundleUnreadable', /csr\/x\/data\.yaml/],
    [
      'a name that hides something',
      { 'csr/x/\u202edata\n/data.json': '[]' },
      'DataInvalid',
      /csr\/x\/\\u202edata\\u000a\/data\.json: an object/,
    ],
    ['a source that is not UTF-8', { 'csr/x/a.rego': latin1 }, 'BundleUnreadable', /a\.rego/],
  ])('%s', (_, replaced, code, message) => {
    expect(() => parse(replaced)).toThrow(expect.objectContaining({ name: 'PolicyError', code }));
    expect(() => parse(replaced)).toThrow(message);
  });

  test("a root's own value may come from the folder above", () => {
    const { data } = parse({ 'csr/data.json': { x: 1 }, 'csr/x/data.yaml': undefined });
    expect(data).toEqual({ csr: { x: 1 } });
  });

  test('two files that complete each other are merged', () => {
    const bundle = parse({ 'csr/x/config/data.json': { b: 2 }, 'csr/data.json': { x: { more: 3 } } });
    expect(bundle.data).toEqual({ csr: { x: { config: { a: 1, b: 2 }, more: 3 } } });
  });
});
