import { describe, expect, test } from 'vitest';
import { probeFor } from '../../../src/decide/probe.ts';
import { loadFloor } from '../../../src/policy/floor.ts';
import { noFacts, readFloorNeeds } from '../../../src/policy/needs.ts';

const serving = 'kubernetes.io/kubelet-serving';
const client = 'kubernetes.io/kube-apiserver-client-kubelet';
const review = (subresource: string) => ({
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
  subresource,
  verb: 'create',
  name: '',
  namespace: '',
});

const floor = await loadFloor(probeFor);

test('the floor demands the facts that its own METADATA names, by signer', () => {
  const sar = { nodeclient: review('nodeclient'), selfnodeclient: review('selfnodeclient') };
  expect(Object.fromEntries(floor.needs)).toEqual({
    [serving]: { ...noFacts, node: true, cluster: true },
    [client]: { ...noFacts, sar },
  });
  expect(floor.codes.size).toBeGreaterThan(10);
});

describe.each([serving, client])('the self-test document of %s', (signer) => {
  const document = probeFor(signer, floor.needs.get(signer) ?? noFacts);

  test('passes the floor', async () => {
    expect(await floor.form(document)).toEqual({ pass: true, deny: [], wait: [] });
    expect(await floor.facts(document)).toEqual({ pass: true, deny: [], wait: [] });
  });

  test('does not pass it for the other signer, nor for one without floor', async () => {
    const others = [serving, client, 'example.com/x'].filter((other) => other !== signer);
    for (const other of others) {
      const asked = { ...document, signer_name: other };
      // oxlint-disable-next-line no-await-in-loop -- one at a time
      expect(await floor.form(asked)).toMatchObject({ pass: false, wait: [] });
      // oxlint-disable-next-line no-await-in-loop
      expect(await floor.facts(asked)).toMatchObject({ pass: false });
    }
  });
});

const read = (custom: Record<string, unknown>) =>
  Object.fromEntries(readFloorNeeds({ path: 'csr/floor/facts', annotation: { entrypoint: true, custom } }));

describe('what the floor says of itself', () => {
  test('is read by signer', () => {
    expect(read({ signers: { 'a.b/c': {}, 'a.b/d': { facts: { node: true } } } })).toEqual({
      'a.b/c': noFacts,
      'a.b/d': { ...noFacts, node: true },
    });
  });

  test.each([
    ['no signers', {}],
    ['facts without signer', { facts: { node: true } }],
    ['an unknown fact', { signers: { 'a.b/c': { facts: { weather: true } } } }],
    ['an unknown word', { signers: { 'a.b/c': { fact: {} } } }],
  ])('is refused: %s', (_, custom) => {
    expect(() => read(custom)).toThrow(expect.objectContaining({ code: 'AnnotationInvalid' }));
  });
});
