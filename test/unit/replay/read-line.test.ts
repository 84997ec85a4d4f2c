import { expect, test } from 'vitest';
import { loadPolicies } from '../../../src/activation/load.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { DecisionLine } from '../../../src/decision-log/line.ts';
import { withheld } from '../../../src/decision-log/mask.ts';
import { readLine } from '../../../src/replay/read-line.ts';
import { lineOf, lineOfRequest, type Line } from '../../support/decision-lines.ts';
import { now, request } from '../decide/stubs.ts';

const log = { policies: await loadPolicies(loadConfig(undefined)), count: 0 };
const good = await lineOf(log);
const refused = await lineOfRequest(log, request({ request: Buffer.from('no PEM') }), now);

const read = (line: unknown) => readLine(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)));
/** `REASON` or `REASON: DETAIL`, or what is decided. */
const outcome = (line: unknown): string => {
  const one = read(line);
  if (!('skipped' in one)) return one.subject.kind;
  return [one.skipped, ...one.details].join(': ');
};
const withInput = (changes: Line): Line => ({ ...good, input: { ...(good['input'] as Line), ...changes } });
const withCustom = (line: Line, changes: Line): Line => ({
  ...line,
  custom: { ...(line['custom'] as Line), ...changes },
});
const withRequest = (changes: Line): Line => {
  const custom = refused['custom'] as Line;
  return withCustom(refused, { request: { ...(custom['request'] as Line), ...changes } });
};

test('a document is parted from its facts', () => {
  const one = read(good);
  if ('skipped' in one || one.subject.kind !== 'document') throw new Error('no document');
  const { document, facts } = one.subject;
  expect(Object.keys(facts).sort()).toEqual(['claims', 'cluster', 'node', 'pending', 'sar']);
  expect({ ...document, ...facts }).toEqual(good['input']);
});

test('a request that was not decoded is decided at the time at which it was', () => {
  const one = read(refused);
  if ('skipped' in one || one.subject.kind !== 'request') throw new Error('no request');
  expect(one.subject.request).toMatchObject({ name: 'csr-7lh9z', username: 'system:node:n1' });
  expect(one.subject.now).toEqual(new Date(String(refused['timestamp'])));
});

test.each<[string, unknown, string]>([
  ['with fields of somebody else', { ...good, nd_builtin_cache: {}, intermediate_results: [] }, 'document'],
  ['with a mask on the result alone', { ...good, erased: ['/result/deny'] }, 'document'],
  ['behind the words of a runtime', `2026-01-01T00:00:02Z stdout F ${JSON.stringify(good)}`, 'document'],
  ['behind the words of kubectl', `[pod/a/b] ${JSON.stringify(good)}`, 'document'],
  ['with a carriage return', `${JSON.stringify(good)}\r`, 'document'],
])('a line %s is read', (_, line, expected) => {
  expect(outcome(line)).toBe(expected);
});

test.each<[string, unknown, string]>([
  ['cut off', JSON.stringify(good).slice(0, -1), 'LineBroken'],
  ['cut off behind words', `words ${JSON.stringify(good).slice(0, -1)}`, 'LineBroken'],
  ['of a newer format', withCustom(good, { format: 2 }), 'FormatNewer: format 2'],
  ['with a newer input', withInput({ version: 2 }), 'FormatNewer: input 2'],
  [
    'whose request has another user by a mask',
    { ...withRequest({ username: '***' }), masked: ['/custom/request/username'] },
    'Masked: /custom/request/username',
  ],
  [
    'whose request has another name by a mask',
    { ...refused, masked: ['/custom/csr/name'] },
    'Masked: /custom/csr/name',
  ],
  ['without a verdict', withCustom(good, { verdict: undefined }), 'LineInvalid: custom.verdict'],
  ['with an id that is too long', { ...good, decision_id: 'x'.repeat(129) }, 'LineInvalid: decision_id'],
  [
    'with an erased field',
    { ...good, erased: ['/result/deny', '/input/node/labels'] },
    'Masked: /input/node/labels',
  ],
  ['with the whole input erased', { ...good, input: undefined, erased: ['/input'] }, 'Masked: /input'],
  ['with a replaced field', { ...good, masked: ['/input/name'] }, 'Masked: /input/name'],
  [
    'without its input, which was too large',
    withCustom({ ...good, input: undefined }, { failure: { code: 'LineTooLarge', message: '' } }),
    'InputLeftOut: LineTooLarge',
  ],
  [
    'that the program writes without its input',
    withheld(good as DecisionLine, { code: 'MaskFailed', message: '' }),
    'InputLeftOut: MaskFailed',
  ],
  [
    'that the program writes without its request',
    withheld(refused as DecisionLine, { code: 'MaskFailed', message: '' }),
    'InputLeftOut: MaskFailed',
  ],
  ['with a field too few', withInput({ usages: undefined }), 'InputInvalid: usages'],
  ['with a field too many', withInput({ more: 1 }), 'InputInvalid: '],
  ['without input and request', { ...good, input: undefined }, 'RequestLeftOut'],
  ['of an OPA', { ...good, custom: undefined, path: 'system/main' }, 'ForeignDecision'],
  ['of an OPA with something of its own', { ...good, custom: { env: 'x' } }, 'ForeignDecision'],
  [
    'of the same program, which is no decision',
    { level: 'info', decision_id: 'x', msg: 'decided' },
    'OtherLine',
  ],
  ['of words', 'E1122 something {happened}', 'OtherLine'],
  ['of other JSON', [1], 'OtherLine'],
])('a line %s is skipped, and it is said why', (_, line, expected) => {
  expect(outcome(line)).toBe(expected);
});

test('what is no UTF-8 is not guessed', () => {
  const bytes = Buffer.from(JSON.stringify(good));
  bytes[bytes.indexOf('csr-self-test')] = 0xff;
  expect(readLine(bytes)).toEqual({ skipped: 'LineBroken', details: ['not UTF-8'] });
  expect(readLine(Uint8Array.of(0x41, 0xff))).toEqual({ skipped: 'OtherLine', details: [] });
});
