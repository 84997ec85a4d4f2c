import { expect, test } from 'vitest';
import { PendingThen } from '../../../src/audit/pending.ts';
import type { RequestInput } from '../../../src/decide/input.ts';
import { request } from '../decide/stubs.ts';

const time = (minute: number, second = 0) =>
  `2026-11-22T06:${String(minute).padStart(2, '0')}:${String(second).padStart(2, '0')}Z`;
const approved = [{ type: 'Approved', status: 'True' }];

let made = 0;
const made_at = (creationTimestamp: string, more: object = {}) =>
  request({ creationTimestamp, uid: `u${String(made++)}`, name: 'x', ...more });

function document(one: ReturnType<typeof made_at>, now: string): RequestInput {
  const { uid, signerName: signer_name, username, createdAt } = one;
  const created_at = createdAt?.toISOString() ?? '';
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a document only what is counted by
  return { uid, signer_name, now, created_at, requestor: { username } } as RequestInput;
}

function noted(...requests: readonly ReturnType<typeof made_at>[]): PendingThen {
  const pending = new PendingThen();
  for (const one of requests) pending.note(one);
  return pending;
}

test('what was made since a request was decided had not overtaken it then', () => {
  const decided = made_at(time(0), { conditions: approved });
  const later = made_at(time(0, 30));
  const pending = noted(decided, later);
  expect(pending.at(document(decided, time(0, 1)))).toEqual({ requestor: 1, cluster: 1, newer: false });
  expect(pending.at(document(decided, time(1)))).toEqual({ requestor: 2, cluster: 2, newer: true });
});

test('of two within the skew of clocks neither is newer', () => {
  const [first, second] = [made_at(time(0)), made_at(time(0, 5))];
  expect(noted(first, second).at(document(first, time(1))).newer).toBe(false);
  const third = made_at(time(0, 6));
  expect(noted(first, third).at(document(first, time(1))).newer).toBe(true);
});

test('each is counted once: itself, those of its requestor, those of others', () => {
  const mine = made_at(time(1));
  const other = made_at(time(1), { username: 'system:node:n2' });
  const signed = made_at(time(1), { signerName: 'kubernetes.io/kube-apiserver-client-kubelet' });
  const old = made_at('2026-11-22T05:40:00Z');
  const pending = noted(mine, other, signed, old);
  expect(pending.at(document(mine, time(2)))).toEqual({ requestor: 1, cluster: 3, newer: false });
  const unseen = made_at(time(1), { username: 'system:node:n3' });
  expect(pending.at(document(unseen, time(2)))).toEqual({ requestor: 1, cluster: 4, newer: false });
});

test('of a requestor who makes very many, the newest count', () => {
  const pending = noted(
    ...Array.from({ length: 5000 }, (_, i) => made_at(time(Math.floor(i / 60) % 60, i % 60))),
  );
  const { requestor } = pending.at(document(made_at(time(59, 59)), time(59, 59)));
  expect(requestor).toBeGreaterThan(255);
  expect(requestor).toBeLessThan(514);
});
