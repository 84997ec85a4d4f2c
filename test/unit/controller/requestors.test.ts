import { describe, expect, test } from 'vitest';
import { Requestors } from '../../../src/controller/requestors.ts';
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
    const requestors = new Requestors(2);
    expect(requestors.add(request('a', 1))).toBeUndefined();
    expect(requestors.add(request('b', 2))).toBeUndefined();
    expect(names(requestors)).toEqual(['a', 'b']);
  });

  test.each<[string, CertificateRequest[], string]>([
    ['the oldest goes when a newer one comes', [request('a', 1), request('b', 2), request('c', 3)], 'a'],
    ['wherever it came', [request('b', 2), request('a', 1), request('c', 3)], 'a'],
    ['one that is older than all goes itself', [request('b', 2), request('c', 3), request('a', 1)], 'a'],
    ['of one second, the first to come goes', [request('a', 1), request('b', 1), request('c', 1)], 'a'],
  ])('%s', (_, requests, gone) => {
    const requestors = new Requestors(2);
    expect(requests.map((one) => requestors.add(one)?.name)).toEqual([undefined, undefined, gone]);
  });

  test('one that changes is not counted twice', () => {
    const requestors = new Requestors(2);
    requestors.add(request('a', 1));
    requestors.add(request('b', 2));
    expect(requestors.add(request('a', 1))).toBeUndefined();
  });

  test('one that is gone makes room', () => {
    const requestors = new Requestors(2);
    requestors.add(request('a', 1));
    requestors.add(request('b', 2));
    requestors.delete(request('a', 1));
    requestors.delete(request('a', 1));
    expect(requestors.add(request('c', 3))).toBeUndefined();
    expect(names(requestors)).toEqual(['b', 'c']);
  });
});

test('another requestor is not counted', () => {
  const requestors = new Requestors(1);
  requestors.add(request('a', 1));
  expect(requestors.add(request('b', 2, 'system:node:n2'))).toBeUndefined();
  expect(names(requestors, 'system:node:n2')).toEqual(['b']);
  expect(names(requestors, 'system:node:n3')).toEqual([]);
});
