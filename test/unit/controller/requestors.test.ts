import { describe, expect, test } from 'vitest';
import { Requestors } from '../../../src/controller/requestors.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import { readRequest, type CertificateRequest } from '../../../src/decide/request.ts';
import { csrObject } from '../../support/csr-object.ts';

function request(name: string, second: number, username = 'system:node:n1'): CertificateRequest {
  const creationTimestamp = new Date(second * 1000).toISOString().replace('.000', '');
  const read = readRequest(csrObject({ name, uid: `uid-${name}`, username, creationTimestamp }));
  if ('problem' in read) throw new Error(read.problem);
  return read;
}

const names = (requestors: Requestors, user = 'system:node:n1') =>
  requestors.of(user).map(({ name }) => name);

describe('of one requestor', () => {
  test('as many requests as the limit are kept', () => {
    const requestors = new Requestors({ ofNode: 2 });
    expect(requestors.add(request('a', 1))).toEqual([]);
    expect(requestors.add(request('b', 2))).toEqual([]);
    expect(names(requestors)).toEqual(['a', 'b']);
  });

  test.each<[string, CertificateRequest[], string]>([
    ['the oldest goes when a newer one comes', [request('a', 1), request('b', 2), request('c', 3)], 'a'],
    ['wherever it came', [request('b', 2), request('a', 1), request('c', 3)], 'a'],
    ['one that is older than all goes itself', [request('b', 2), request('c', 3), request('a', 1)], 'a'],
    ['of one second, the first to come goes', [request('a', 1), request('b', 1), request('c', 1)], 'a'],
  ])('%s', (_, requests, gone) => {
    const requestors = new Requestors({ ofNode: 2 });
    expect(requests.map((one) => requestors.add(one).map(({ name }) => name))).toEqual([[], [], [gone]]);
  });

  test('one that changes is not counted twice', () => {
    const requestors = new Requestors({ ofNode: 2 });
    requestors.add(request('a', 1));
    requestors.add(request('b', 2));
    expect(requestors.add(request('a', 1))).toEqual([]);
  });

  test('one that is gone makes room', () => {
    const requestors = new Requestors({ ofNode: 2 });
    requestors.add(request('a', 1));
    requestors.add(request('b', 2));
    requestors.delete(request('a', 1));
    requestors.delete(request('a', 1));
    expect(requestors.add(request('c', 3))).toEqual([]);
    expect(names(requestors)).toEqual(['b', 'c']);
  });
});

const of = (user: string, name: string, second: number) => request(name, second, `system:node:${user}`);

describe('of all', () => {
  test('the oldest of whoever has most goes', () => {
    const requestors = new Requestors({ ofAll: 4 });
    const first = [of('n1', 'a', 1), of('n2', 'b', 5), of('n2', 'c', 4), of('n2', 'd', 6)];
    expect(first.flatMap((one) => requestors.add(one))).toEqual([]);
    expect(requestors.add(of('n3', 'e', 2)).map(({ name }) => name)).toEqual(['c']);
    expect(requestors.kept).toEqual({ now: 5, most: 4 });
    requestors.delete(of('n2', 'c', 4));
    expect(requestors.kept).toEqual({ now: 4, most: 4 });
  });

  test('who has too many anyway makes the room', () => {
    const requestors = new Requestors({ ofAll: 2, ofNode: 1 });
    requestors.add(of('n1', 'a', 1));
    requestors.add(of('n2', 'b', 1));
    expect(requestors.add(of('n2', 'c', 2)).map(({ name }) => name)).toEqual(['b']);
  });

  test('one that changes is counted once', () => {
    const requestors = new Requestors({ ofAll: 2 });
    for (let i = 0; i < 5; i += 1) expect(requestors.add(of('n1', 'a', 1))).toEqual([]);
    expect(requestors.kept.now).toBe(1);
  });
});

const long = (name: string, second: number, length: number): CertificateRequest => ({
  ...request(name, second),
  request: 'x'.repeat(length),
});

describe('how many are kept', () => {
  test('who is no node may be many machines', () => {
    const requestors = new Requestors({ ofNode: 1, ofOther: 2 });
    const user = 'system:bootstrap:abcdef';
    expect(requestors.add(request('a', 1, user))).toEqual([]);
    expect(requestors.add(request('b', 2, user))).toEqual([]);
    expect(requestors.add(request('c', 3, user)).map(({ name }) => name)).toEqual(['a']);
  });

  test('so many that their texts are not too long', () => {
    const requestors = new Requestors({ bytes: 100 });
    expect(requestors.add(long('a', 1, 40))).toEqual([]);
    expect(requestors.add(long('b', 2, 60))).toEqual([]);
    expect(requestors.add(long('c', 3, 70)).map(({ name }) => name)).toEqual(['a', 'b']);
    for (const name of ['a', 'b']) requestors.delete(long(name, 1, 1));
    expect(requestors.add(long('d', 4, 30))).toEqual([]);
    expect(requestors.add(long('e', 5, 101)).map(({ name }) => name)).toEqual(['c', 'd', 'e']);
  });
});

test('another requestor is not counted', () => {
  const requestors = new Requestors({ ofNode: 1 });
  requestors.add(request('a', 1));
  expect(requestors.add(request('b', 2, 'system:node:n2'))).toEqual([]);
  expect(names(requestors, 'system:node:n2')).toEqual(['b']);
  expect(names(requestors, 'system:node:n3')).toEqual([]);
});

/** What is asked of a request: the fact for it. */
const factOf = (
  requestors: Requestors,
  { name, uid, createdAt, signerName, username }: CertificateRequest,
  now?: number,
) =>
  requestors.pending({
    ...probeDocument,
    now: new Date(now ?? (createdAt?.getTime() ?? 0) + 1000).toISOString(),
    name,
    uid,
    created_at: createdAt?.toISOString() ?? '',
    signer_name: signerName,
    requestor: { ...probeDocument.requestor, username },
  });
const other = { signerName: 'kubernetes.io/kube-apiserver-client-kubelet' };
const day = 24 * 3600;

describe('the fact', () => {
  test('counts those of the requestor and of all', () => {
    const requestors = new Requestors();
    const mine = request('a', 1);
    for (const one of [mine, request('b', 1), request('c', 1, 'system:node:n2')]) requestors.add(one);
    expect(factOf(requestors, mine)).toEqual({ requestor: 2, cluster: 3, newer: false });
  });

  test('counts none that no kubelet waits for any more, but itself', () => {
    const requestors = new Requestors();
    const mine = request('a', 100);
    requestors.add(mine);
    requestors.add(request('b', 101));
    requestors.add(request('c', 102, 'system:node:n2'));
    expect(factOf(requestors, mine, 900_000)).toMatchObject({ requestor: 2, cluster: 3 });
    expect(factOf(requestors, mine, 1_200_000)).toMatchObject({ requestor: 1, cluster: 1 });
    requestors.add(request('d', 1190));
    expect(factOf(requestors, mine, 1_200_000)).toMatchObject({ requestor: 2, cluster: 2 });
  });

  test('takes no request of a clock far ahead for a newer one', () => {
    const requestors = new Requestors();
    requestors.saw(request('b', 3600));
    expect(factOf(requestors, request('a', 1)).newer).toBe(false);
    expect(factOf(requestors, request('a', 1), 3_590_000).newer).toBe(true);
  });

  test('counts itself where the watch has not shown it', () => {
    const requestors = new Requestors();
    requestors.add(request('b', 1));
    expect(factOf(requestors, request('a', 1))).toEqual({ requestor: 2, cluster: 2, newer: false });
    expect(factOf(new Requestors(), request('a', 1))).toEqual({ requestor: 1, cluster: 1, newer: false });
  });

  test('counts another signer to the cluster alone', () => {
    const requestors = new Requestors();
    requestors.add({ ...request('b', 9), ...other });
    expect(factOf(requestors, request('a', 1))).toEqual({ requestor: 1, cluster: 2, newer: false });
  });

  test('counts none twice that changes, and none that is gone', () => {
    const requestors = new Requestors();
    const mine = request('a', 1);
    requestors.add(mine);
    requestors.add(mine);
    requestors.add(request('b', 1));
    requestors.delete(request('b', 1));
    requestors.delete(request('b', 1));
    expect(factOf(requestors, mine)).toEqual({ requestor: 1, cluster: 1, newer: false });
  });

  test('does not count the former of one name', () => {
    const requestors = new Requestors();
    const former = request('a', 1);
    const mine = { ...request('a', 2), uid: 'another' };
    requestors.add(former);
    requestors.add(mine);
    requestors.delete(former);
    expect(factOf(requestors, mine)).toEqual({ requestor: 1, cluster: 1, newer: false });
    expect(names(requestors)).toEqual(['a']);
  });

  test.each<[string, number, boolean]>([
    ['one that is older', 1, false],
    ['one of the same second', 2, false],
    ['one that may be newer by another clock only', 7, false],
    ['one that is newer', 8, true],
  ])('knows %s, though it is decided or deleted', (_, second, newer) => {
    const requestors = new Requestors();
    requestors.saw(request('finished', second));
    const deleted = request('deleted', second);
    requestors.add(deleted);
    requestors.delete(deleted);
    expect(factOf(requestors, request('a', 2))).toEqual({ requestor: 1, cluster: 1, newer });
  });

  test.each([
    ['another requestor', request('b', 30, 'system:node:n2')],
    ['another signer', { ...request('b', 30), ...other }],
  ])('a newer one of %s is none', (_, newer) => {
    const requestors = new Requestors();
    requestors.saw(newer);
    expect(factOf(requestors, request('a', 2)).newer).toBe(false);
  });
});

const crowd = (requestors: Requestors, count: number, second: number) => {
  const one = request('a', second);
  for (let n = 0; n < count; n += 1)
    requestors.saw({ ...one, username: `user-${String(second)}-${String(n)}` });
};

describe('memory', () => {
  test('who was not heard of for a day is forgotten', () => {
    const requestors = new Requestors();
    crowd(requestors, 1000, 1);
    crowd(requestors, 1000, 2 + day);
    expect(requestors.size).toBeLessThan(1100);
  });

  test('who was heard of since is not, and neither is who has something pending', () => {
    const requestors = new Requestors();
    const mine = request('a', 1);
    requestors.add(mine);
    crowd(requestors, 1000, day);
    crowd(requestors, 2000, 2 + day);
    expect(requestors.size).toBe(3001);
    expect(factOf(requestors, mine)).toEqual({ requestor: 1, cluster: 1, newer: false });
  });
});
