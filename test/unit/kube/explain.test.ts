import { expect, test } from 'vitest';
import { KubeError, type KubeErrorInit } from '../../../src/kube/errors.ts';
import { explain } from '../../../src/kube/explain.ts';

const message = 'said the other side';

test.each<[KubeErrorInit, RegExp]>([
  [{ kind: 'status', status: 401, message }, /does not accept our credentials: they have expired/],
  [{ kind: 'status', status: 403, message }, /forbids it; grant it by RBAC.*said the other side/],
  [{ kind: 'status', status: 429, message }, /overloaded/],
  [{ kind: 'status', status: 500, message, reason: 'InternalError' }, /answered 500 InternalError: said/],
  [{ kind: 'network', reason: 'ECONNREFUSED', message }, /cannot reach .*nothing listens there/],
  [{ kind: 'network', reason: 'ENOTFOUND', message }, /name does not resolve/],
  [{ kind: 'network', reason: 'SELF_SIGNED_CERT_IN_CHAIN', message }, /unknown authority/],
  [{ kind: 'network', reason: 'CERT_HAS_EXPIRED', message }, /certificate has expired/],
  [{ kind: 'network', reason: 'ERR_TLS_CERT_ALTNAME_INVALID', message }, /for other names/],
  [{ kind: 'network', message }, /cannot reach .*: said the other side$/],
  [{ kind: 'timeout', message }, /does not answer in time/],
  [{ kind: 'protocol', message }, /does not answer like a Kubernetes API server/],
  [{ kind: 'credentials', message }, /^said the other side$/],
  [{ kind: 'aborted', message }, /^said the other side$/],
])('%j', (init, expected) => {
  expect(explain(new KubeError(init), 'https://there')).toMatch(expected);
});

test('what is none of ours is told as it is', () => {
  expect(explain(new TypeError('x is\nnot y'))).toBe('x is\ufffdnot y');
  expect(explain('text')).toBe('text');
});
