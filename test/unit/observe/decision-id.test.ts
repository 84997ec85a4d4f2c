import { expect, test } from 'vitest';
import { newDecisionId, type Random } from '../../../src/observe/decision-id.ts';

const random = (bytes: Buffer): Random => ({ uuid: () => 'u', bytes: () => bytes });

test('trace and span are as W3C Trace Context has them, and no two decisions are called the same', () => {
  const [one, other] = [newDecisionId(), newDecisionId()];
  expect(one.decision).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([one.trace, one.span].join('-')).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}$/);
  expect(new Set([one, other].flatMap((id) => Object.values(id))).size).toBe(6);
});

test('neither is ever all zeros, which means that there is none', () => {
  const id = newDecisionId(random(Buffer.alloc(24)));
  expect(id).toEqual({ decision: 'u', trace: `${'0'.repeat(31)}1`, span: `${'0'.repeat(15)}1` });
});

test('random bytes are told as they are', () => {
  const bytes = Buffer.from(Array.from({ length: 24 }, (_, at) => at));
  expect(newDecisionId(random(bytes))).toMatchObject({
    trace: '000102030405060708090a0b0c0d0e0f',
    span: '1011121314151617',
  });
});
