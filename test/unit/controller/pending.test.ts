import { expect, test } from 'vitest';
import { pending } from '../../../src/controller/pending.ts';
import { hardLimits } from '../../../src/csr/limits.ts';
import { asObject } from '../../../src/kube/objects.ts';
import { csrObject } from '../../support/csr-object.ts';

const SIGNER = 'kubernetes.io/kubelet-serving';
const condition = (type: string) => ({ conditions: [{ type, status: 'True' }] });
const good = csrObject();
const of = (object: object) => pending(asObject(object), SIGNER);

test('keeps what is written back, and drops what the API server keeps for itself', () => {
  const metadata = { ...good.metadata, labels: { a: 'b' }, managedFields: [{ manager: 'kubelet' }] };
  const found = of({ ...good, metadata });
  expect(found?.object?.metadata).toEqual({ ...good.metadata, labels: { a: 'b' } });
  expect(found?.request).toMatchObject({
    name: 'csr-7lh9z',
    uid: good.metadata.uid,
    resourceVersion: '1000',
  });
});

test('keeps no more of a large one than deciding it needs', () => {
  const large = of(csrObject({ request: Buffer.alloc(1 << 20, 'A') }));
  expect(large?.object).toBeUndefined();
  expect(Buffer.from(large?.request.request ?? '', 'base64')).toHaveLength(hardLimits.maxRequestBytes + 2);
  const annotated = of(csrObject({ annotations: { a: 'x'.repeat(1 << 17) } }));
  expect(annotated?.object).toBeUndefined();
  expect(annotated?.request).toEqual(of(good)?.request);
});

test('keeps every byte of a request that a configuration may allow', () => {
  const request = Buffer.alloc(hardLimits.maxRequestBytes, 'A');
  expect(of(csrObject({ request }))?.request.request).toBe(request.toString('base64'));
});

test.each([
  ['as listed, without apiVersion and kind', { ...good, apiVersion: undefined, kind: undefined }],
  ['with a foreign condition', csrObject(condition('Audited'))],
  ['without status', { ...good, status: undefined }],
  ['with an empty certificate', { ...good, status: { certificate: '' } }],
  ['with null lists', { ...good, spec: { ...good.spec, usages: null, groups: null, extra: null } }],
])('is pending: %s', (_, object) => {
  expect(of(object)?.request.name).toBe('csr-7lh9z');
});

const spec = (replaced: object) => ({ ...good, spec: { ...good.spec, ...replaced } });
test.each([
  ['approved', csrObject(condition('Approved'))],
  ['denied', csrObject(condition('Denied'))],
  ['failed', csrObject(condition('Failed'))],
  ['approved beside a foreign condition', csrObject({ conditions: [{ type: 'A' }, { type: 'Approved' }] })],
  ['issued', csrObject({ certificate: Uint8Array.of(1) })],
  ['of another signer, whatever the selector says', csrObject({ signerName: 'example.com/serving' })],
  ['without request', spec({ request: undefined })],
  ['with a request that is no text', spec({ request: 7 })],
  ['without signer', spec({ signerName: undefined })],
  ['with usages that are no list', spec({ usages: 'server auth' })],
  ['with a fraction of a second', spec({ expirationSeconds: 600.5 })],
  ['of a time that is none', { ...good, metadata: { ...good.metadata, creationTimestamp: 'yesterday' } }],
  ['of another version', { ...good, apiVersion: 'certificates.k8s.io/v1beta1' }],
  ['with conditions that are no list', { ...good, status: { conditions: {} } }],
])('is nothing to decide: %s', (_, object) => {
  expect(of(object)).toBeUndefined();
});
