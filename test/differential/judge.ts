import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { readFile } from 'node:fs/promises';
import type { DecodedRequest } from '../../src/csr/decoded.ts';
import { requestDocument } from '../../src/decide/document.ts';
import { unpackBundle } from '../../src/bundle/files.ts';

/**
 * Whether the floor accepts a decoded request, made by the user that it names. With it the law says more:
 * what decoder and floor accept, the signer signs, and it has the kubelet's form.
 */
export type Judge = (decoded: DecodedRequest) => boolean;

const bundle = await unpackBundle(await readFile(new URL('../../dist/floor.tar.gz', import.meta.url)));
const policy = await loadPolicy(new Uint8Array(bundle.get('policy.wasm') ?? []));
policy.setData({});

/** The floor on the bare request, with everything as it should be that is not in the request's bytes. */
export const judge: Judge = (decoded) => {
  const now = new Date(0);
  const document = requestDocument(
    {
      name: 'csr',
      uid: 'uid',
      resourceVersion: '1',
      createdAt: now,
      signerName: 'kubernetes.io/kubelet-serving',
      request: '',
      usages: ['digital signature', 'server auth'],
      username: decoded.subject.commonName,
      userUid: '',
      groups: ['system:nodes'],
      extra: {},
      expirationSeconds: 0,
      issued: false,
      conditions: [],
    },
    decoded,
    now,
  );
  const [{ result }] = policy.evaluate(document, 'csr/floor/form') as [
    { result: { pass: boolean; deny: unknown[]; wait: unknown[] } },
  ];
  return result.pass && result.deny.length === 0 && result.wait.length === 0;
};
