import { describe, expect, test } from 'vitest';
import { eventError, jsonBody, statusError } from '../../../src/kube/answer.ts';
import { bounded } from '../../../src/kube/errors.ts';
import type { Answer } from '../../../src/kube/exchange.ts';

const answer = (status: number, body: unknown, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const conflict = {
  kind: 'Status',
  status: 'Failure',
  message: 'the object has been modified',
  reason: 'Conflict',
  code: 409,
};

describe('an answer that is no success', () => {
  test('carries what the Status says', () => {
    expect(statusError(answer(409, conflict), true)).toMatchObject({
      kind: 'status',
      status: 409,
      reason: 'Conflict',
      message: 'the object has been modified',
      uncertain: false,
    });
  });

  test.each([
    ['no body', answer(401, '')],
    ['HTML', answer(401, '<html>', { 'content-type': 'text/html' })],
    ['truncated JSON', answer(401, '{"kind":"Status","mess')],
    ['other JSON', answer(401, { message: 5, reason: 6, details: 'x' })],
    ['a list', answer(401, [])],
    ['no content type', answer(401, conflict, { 'content-type': undefined })],
  ])('with %s still has its status', (_, given) => {
    expect(statusError(given, false)).toMatchObject({
      status: 401,
      reason: undefined,
      message: 'the server answered 401',
    });
  });

  test.each([
    ['seconds', { 'retry-after': '7' }, {}, 7],
    ['a list of headers', { 'retry-after': ['8', '9'] }, {}, 8],
    ['the Status alone', {}, { retryAfterSeconds: 3 }, 3],
    ['header before Status', { 'retry-after': '7' }, { retryAfterSeconds: 3 }, 7],
    ['a date long past', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, {}, 0],
    ['far too long', { 'retry-after': '99999999' }, {}, 60],
    ['nonsense', { 'retry-after': 'soon' }, {}, undefined],
    ['negative', {}, { retryAfterSeconds: -5 }, undefined],
    ['none', {}, {}, undefined],
  ])('Retry-After: %s', (_, headers, details, expected) => {
    const given = answer(429, { ...conflict, details }, headers);
    expect(statusError(given, false).retryAfterSeconds).toBe(expected);
  });

  test.each([
    [500, true, true],
    [502, true, true],
    [503, true, true],
    [504, true, true],
    [500, false, false],
    [409, true, false],
    [422, true, false],
    [429, true, false],
    [302, true, false],
  ])('%d of a write (%s) leaves it uncertain: %s', (status, write, uncertain) => {
    expect(statusError(answer(status, conflict), write).uncertain).toBe(uncertain);
  });
});

test.each([
  [{ code: 410, reason: 'Expired', message: 'too old resource version' }, 410, 'Expired'],
  [{}, 500, undefined],
  [null, 500, undefined],
  ['x', 500, undefined],
])('an ERROR event %j has status %d', (object, status, reason) => {
  expect(eventError(object)).toMatchObject({ kind: 'status', status, reason });
});

describe('a successful answer', () => {
  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'of type %s',
    (type) => {
      expect(jsonBody(answer(200, { a: 1 }, { 'content-type': type }), false)).toEqual({ a: 1 });
    },
  );

  test.each([
    ['HTML', answer(200, '<html>', { 'content-type': 'text/html' })],
    ['JSON called text', answer(200, '{}', { 'content-type': 'text/plain' })],
    ['protobuf', answer(200, 'k8s\0', { 'content-type': 'application/vnd.kubernetes.protobuf' })],
    ['no type', answer(200, '{}', { 'content-type': undefined })],
    ['nothing', answer(200, '')],
    ['truncated JSON', answer(200, '{"a":')],
    ['a list', answer(200, '[]')],
    ['null', answer(200, 'null')],
    ['a text', answer(200, '"x"')],
  ])('that is %s is an error, and a write uncertain', (_, given) => {
    expect(() => jsonBody(given, true)).toThrow(
      expect.objectContaining({ kind: 'protocol', reason: 'NotJSON', uncertain: true }),
    );
  });
});

test.each([
  ['newline', 'a\nb', 'a\ufffdb'],
  ['escape', 'a\u001b[31mb', 'a\ufffd[31mb'],
  ['right-to-left override', 'a\u202eb', 'a\ufffdb'],
  ['Arabic letter mark', 'a\u061cb', 'a\ufffdb'],
  ['zero-width space', 'a\u200bb', 'a\ufffdb'],
  ['tag character', 'a\u{e0041}b', 'a\ufffdb'],
  ['length', 'abcdefghijklmnop', 'abcdefghij…'],
  ['a cut surrogate pair', `abcdefghi\u{1f600}`, 'abcdefghi\ufffd…'],
])('messages are one bounded line: %s', (_, text, expected) => {
  expect(bounded(text, 10)).toBe(expected);
});
