import { beforeEach, expect, test } from 'vitest';
import { ForeignDecisions } from '../../../src/controller/foreign.ts';
import { request } from '../decide/stubs.ts';

const createdAt = new Date('2026-11-22T06:00:00Z');
const later = (seconds: number) => new Date(createdAt.getTime() + seconds * 1000);
const decided = (type: string, reason: string) =>
  request({
    conditions: [
      { type: 'Other', status: 'True', reason: 'X' },
      { type, status: 'True', reason },
    ],
  });

let foreign: ForeignDecisions;
beforeEach(() => {
  foreign = new ForeignDecisions();
});

test.each(['Approved', 'Denied'])('%s with the reason of another is foreign, whoever leads', (condition) => {
  const one = decided(condition, 'KubectlApprove');
  const expected = { condition, reason: 'KubectlApprove' };
  expect(foreign.find(one)).toEqual(expected);
  foreign.lead(later(-60));
  expect(foreign.find(one)).toEqual(expected);
  // It lost against somebody.
  foreign.begin(one.uid);
  expect(foreign.find(one)).toEqual(expected);
});

test('what this process wrote is ours', () => {
  foreign.lead(later(-60));
  const one = decided('Approved', 'PolicyAllowed');
  foreign.begin(one.uid);
  expect(foreign.find(one)).toBeUndefined();
});

test('our reason on what only this process could have written, and has not, is a forgery', () => {
  foreign.lead(later(-60));
  const one = decided('Approved', 'PolicyAllowed');
  expect(foreign.find(one)).toEqual({ condition: 'Approved', reason: 'PolicyAllowed' });
  foreign.begin(one.uid);
  foreign.forget(one.uid);
  expect(foreign.find(one)).toBeDefined();
});

test.each([
  ['before this process led', 3],
  ['within the error of clocks', -5],
])('our reason on a request that was made %s is our other replica', (_, seconds) => {
  foreign.lead(later(seconds));
  expect(foreign.find(decided('Denied', 'PolicyDenied'))).toBeUndefined();
});

test('one that stands by takes our reason for the leader', () => {
  foreign.lead(later(-60));
  foreign.rest();
  expect(foreign.find(decided('Approved', 'PolicyAllowed'))).toBeUndefined();
});

test.each(['Failed', 'Other'])('%s alone decides nothing', (type) => {
  expect(foreign.find(decided(type, 'KubectlApprove'))).toBeUndefined();
});
