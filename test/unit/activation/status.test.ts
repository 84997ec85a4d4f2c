import { beforeEach, expect, test } from 'vitest';
import { BundleRecord, problemOf } from '../../../src/activation/status.ts';
import { PolicyError } from '../../../src/bundle/error.ts';

const never = '0001-01-01T00:00:00Z';
let second: number;
let record: BundleRecord;
beforeEach(() => {
  second = 0;
  record = new BundleRecord('policy', () => new Date(Date.UTC(2026, 10, 22, 6, 0, second++)));
});
const at = (n: number) => `2026-11-22T06:00:0${String(n)}.000Z`;
const bad = (message: string) => problemOf(new PolicyError('ConfigErrors', message));

test('of a bundle of which nothing is known', () => {
  expect(record.status).toEqual({
    name: 'policy',
    type: 'snapshot',
    last_request: never,
    last_successful_request: never,
    last_successful_download: never,
    last_successful_activation: never,
  });
});

test('of one that is in force', () => {
  record.requested();
  record.answered(true, 1234);
  record.activated('r1');
  record.requested();
  record.answered(false, undefined);
  expect(record.status).toEqual({
    name: 'policy',
    type: 'snapshot',
    active_revision: 'r1',
    size: 1234,
    last_request: at(3),
    last_successful_request: at(4),
    last_successful_download: at(1),
    last_successful_activation: at(2),
  });
});

test('of a bad one beside the one in force, which no answer of the server makes good', () => {
  record.activated('r1');
  record.refused(bad('knob is wrong'));
  record.answered(false, undefined);
  expect(record.status).toMatchObject({
    active_revision: 'r1',
    code: 'bundle_error',
    message: 'ConfigErrors: knob is wrong',
    errors: [{ code: 'ConfigErrors', message: 'knob is wrong' }],
  });
  record.activated('r2');
  expect(record.status).not.toHaveProperty('code');
});

test('of one that cannot be fetched, until it can', () => {
  record.unanswered(problemOf(new PolicyError('BundleNotFound', 'gone')));
  expect(record.problem).toEqual({ code: 'BundleNotFound', message: 'gone' });
  record.answered(false, undefined);
  expect(record.problem).toBeUndefined();
});

test('a hostile text is escaped, and cut', () => {
  const { message } = bad(`\u001B[2J${'x'.repeat(5000)}`);
  expect(message).toMatch(/^\\u001b\[2Jx+…$/);
  expect(message.length).toBeLessThan(1100);
});

test('what is no refusal of ours has a code all the same', () => {
  expect(problemOf(new TypeError('x is not a function'))).toEqual({
    code: 'ActivationFailed',
    message: 'x is not a function',
  });
});
