import { describe, expect, test } from 'vitest';
import { parseBundle } from '../../../src/bundle/bundle.ts';
import { readBundleFiles } from '../../../src/bundle/files.ts';
import { parseOverlay } from '../../../src/bundle/overlay-file.ts';
import { probeFor } from '../../../src/decide/probe.ts';
import { withOverlays } from '../../../src/policy/knobs.ts';
import { loadPolicy } from '../../../src/policy/policy.ts';
import { members } from '../../support/bundle.ts';

const entrypoint = (path: string, custom: object) => ({
  entrypoint: path,
  module: '/policy.wasm',
  annotations: [{ scope: 'rule', entrypoint: true, custom: { signer_name: 'a.b/c', ...custom } }],
});
const bundle = (...knobs: readonly object[]) =>
  parseBundle(
    members({
      '.manifest': {
        revision: 'r1',
        roots: ['a', 'b'],
        wasm: knobs.map((custom, index) => entrypoint(`a/decision${String(index)}`, custom)),
      },
      'policy.wasm': 'wasm',
      'a/data.yaml': 'config: {most: 1}',
      'b/data.yaml': 'config: {most: 2}',
    }),
  );
const overlay = (text: string, file = 'knobs.yaml') => parseOverlay(new TextEncoder().encode(text), file);
const both = overlay('{a: {config: {most: 3}}, b: {config: {most: 4}}}');

const serving = (config: string) => `csr: {kubelet_serving: {config: ${config}}}`;

describe('the knobs of a bundle', () => {
  test('are those of all its entrypoints, in either form', () => {
    const { data } = withOverlays(bundle({ knobs: 'a.config' }, { knobs: ['b.config', 'a.config'] }), [both]);
    expect(data).toEqual({ a: { config: { most: 3 } }, b: { config: { most: 4 } } });
  });

  test('are no others', () => {
    expect(() => withOverlays(bundle({ knobs: 'a.config' }), [both])).toThrow(/b: no such knob: .*a\.config/);
    expect(() => withOverlays(bundle({}), [both])).toThrow(/has no knobs/);
  });

  test('do not lie within one another, overlay or not', () => {
    expect(() => withOverlays(bundle({ knobs: 'a' }, { knobs: 'a.config' }), [])).toThrow(
      expect.objectContaining({
        code: 'AnnotationInvalid',
        message: expect.stringMatching(/a\.config lies within a,/),
      }),
    );
  });
});

const revisionWith = (...overlays: Parameters<typeof withOverlays>[1]) =>
  withOverlays(bundle({ knobs: ['a.config', 'b.config'] }), overlays).revision;

describe('the revision', () => {
  test('is the bundle’s own without overlays, and tells their content otherwise', () => {
    expect(revisionWith()).toBe('r1');
    expect(revisionWith(both)).toMatch(/^r1\+data\.[0-9a-f]{16}$/);
    const moved = overlay('{"b": {"config": {"most": 4}},\n"a": {"config": {"most": 3}}}', 'moved.json');
    expect(revisionWith(moved)).toBe(revisionWith(both));
    expect(revisionWith(overlay('{a: {config: {most: 4}}, b: {config: {most: 3}}}'))).not.toBe(
      revisionWith(both),
    );
  });
});

describe('the default bundle with an overlay', async () => {
  const signers = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];
  const files = await readBundleFiles(new URL('../../../dist/default.tar.gz', import.meta.url).pathname);
  const load = (...texts: string[]) =>
    loadPolicy(files, {
      signers,
      supported: signers,
      probe: probeFor,
      overlays: texts.map((text, index) => overlay(text, `${String(index)}.yaml`)),
    });
  const lookup =
    'machine: {query: {version: v1, resource: machines, name: "{node_name}"}, addresses: [status, addresses]}';

  test('looks up what the overlay says', async () => {
    const policies = await load(serving(`{trust: [[lookup:machine]], lookups: {${lookup}}}`));
    expect(policies.get(signers[0] ?? '')?.needs.lookups).toMatchObject({
      machine: { resource: 'machines', name: '{node_name}' },
    });
  });

  test.each([
    [
      'a lookup that can be none',
      serving('{lookups: {machine: {query: {version: 7}}}}'),
      'LookupInvalid',
      /machine/,
    ],
    [
      'a value that cannot be meant',
      serving('{max_expiration_seconds: 5}'),
      'ConfigErrors',
      /with the data of 0\.yaml: csr\.kubelet_serving\.config\.max_expiration_seconds: must be/,
    ],
    [
      'one of the other signer’s policy',
      'csr: {kubelet_client: {config: {bootstrappers: [{}]}}}',
      'ConfigErrors',
      /csr\.kubelet_client\.config\.bootstrappers\[0\]/,
    ],
    ['a source of trust that is not there', serving('{trust: [[lookup:machine]]}'), 'ConfigErrors', /trust/],
    [
      'a knob that there is not',
      serving('{reserved_name: []}'),
      'OverlayPathUnknown',
      /there are inventory, .*trust$/,
    ],
  ])('is refused for %s', async (_, text, code, message) => {
    await expect(load(text)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
