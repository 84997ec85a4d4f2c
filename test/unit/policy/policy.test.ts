import { describe, expect, test } from 'vitest';
import { probeFor } from '../../../src/decide/probe.ts';
import { readBundleFiles } from '../../../src/bundle/files.ts';
import { noFacts } from '../../../src/policy/needs.ts';
import { loadPolicy } from '../../../src/policy/policy.ts';

const serving = 'kubernetes.io/kubelet-serving';
const client = 'kubernetes.io/kube-apiserver-client-kubelet';
const supported = [serving, client];
const files = await readBundleFiles(new URL('../../../dist/default.tar.gz', import.meta.url).pathname);

describe('the default bundle', () => {
  test('has an entrypoint for each kubelet signer, and only what is configured is loaded', async () => {
    const both = await loadPolicy(files, { signers: supported, supported, probe: probeFor });
    expect([...both.values()].map(({ entrypoint, maxAgeSeconds }) => [entrypoint, maxAgeSeconds])).toEqual([
      ['csr/kubelet_serving/decision', 900],
      ['csr/kubelet_client/decision', undefined],
    ]);
    expect(both.get(client)?.needs).toMatchObject({
      sar: { nodeclient: { subresource: 'nodeclient' }, selfnodeclient: { subresource: 'selfnodeclient' } },
      node: true,
      claims: false,
      cluster: false,
    });
    const one = await loadPolicy(files, { signers: [serving], supported, probe: probeFor });
    expect([...one.keys()]).toEqual([serving]);
  });

  test('tests itself with a request of the signer', async () => {
    const policies = await loadPolicy(files, { signers: supported, supported, probe: probeFor });
    for (const [signer, policy] of policies) {
      const document = { ...probeFor(signer, policy.needs) };
      // oxlint-disable-next-line no-await-in-loop -- one at a time
      expect(await policy.evaluate(document)).toMatchObject({ allow: true, config_errors: [] });
    }
  });
});

describe('a signer that no floor is for is refused', () => {
  test('in the configuration', async () => {
    const choice = { signers: [serving, 'example.com/x'], supported, probe: probeFor };
    await expect(loadPolicy(files, choice)).rejects.toMatchObject({
      code: 'SignerNotSupported',
      message: expect.stringMatching(
        /configuration.*example\.com\/x.*supported are .*kube-apiserver-client-kubelet/,
      ),
    });
  });

  test('in the bundle, though nobody asks for it', async () => {
    const choice = { signers: [serving], supported: [serving], probe: () => probeFor(serving, noFacts) };
    await expect(loadPolicy(files, choice)).rejects.toMatchObject({
      code: 'SignerNotSupported',
      message: expect.stringContaining('entrypoint csr/kubelet_client/decision'),
    });
  });
});
