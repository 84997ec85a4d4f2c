import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RegoCase } from './cases.ts';
import { loadCases } from './cases.ts';
import { evaluateOnOpa, evaluateOnWasm } from './evaluate.ts';
import { outcomeOf } from './outcome.ts';

const seed = 3;
const runs = 1500;

/** Texts near the borders of what is an address or a host name. */
const piece = fc.constantFrom(
  ...['0', '1', '01', '10', '127', '255', '256', '0x7f', 'fd00', 'fe80', 'ff02', 'ffff', 'a00', '64', 'ff9b', 'n1'],
  ...['svc', 'kubernetes', 'localhost', 'example', 'com', 'xn--1', '*', '_', '-', '', ' ', '\n', '\u0000', '\u212a', 'ſ'],
);
const separator = fc.constantFrom('.', '.', '.', ':', ':', '::', '/', '%', '-');
const text = fc
  .tuple(piece, fc.array(fc.tuple(separator, piece), { maxLength: 8 }))
  .map(([first, rest]) => first + rest.map((pair) => pair.join('')).join(''));
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((ip) => ip.toLowerCase()),
  text,
);
const username = fc.oneof(text, fc.constant('system:node:n1'), text.map((name) => `system:node:${name}`));

const request = fc.record({
  dns: fc.array(fc.oneof(text, fc.domain(), fc.ipV4()), { maxLength: 4 }),
  ip: fc.array(address, { maxLength: 4 }),
  username,
  usages: fc.subarray(['digital signature', 'key encipherment', 'server auth', 'client auth']),
});

it('says the same on OPA and on WebAssembly, whatever a request holds', { timeout: 240_000 }, async () => {
  const [good] = loadCases().filter((one) => one.id === 'OK-01');
  if (good === undefined) throw new Error('case OK-01 is missing');
  const cases = fc.sample(request, { seed, numRuns: runs }).map(
    ({ dns, ip, username: user, usages }): RegoCase => ({
      ...good,
      input: {
        ...good.input,
        usages,
        requestor: { ...(good.input['requestor'] as object), username: user },
        sans: { dns, ip, email: [], uri: [] },
      },
    }),
  );
  const [onOpa, onWasm] = await Promise.all([evaluateOnOpa(cases), evaluateOnWasm(cases)]);
  cases.forEach((one, index) => {
    expect(onWasm[index], JSON.stringify(one.input['sans'])).toEqual(onOpa[index]);
    const said = onWasm[index];
    if (said !== undefined) expect(outcomeOf(one, said).verdict).not.toBe('approve');
  });
});
