import {
  array,
  constant,
  constantFrom,
  domain,
  ipV4,
  ipV6,
  oneof,
  record,
  sample,
  subarray,
  tuple,
} from 'fast-check';
import { expect, it } from 'vitest';
import type { RegoCase } from './cases.ts';
import { goodCase } from './cases.ts';
import { evaluateOnOpa, evaluateOnWasm } from './evaluate.ts';
import { outcomeOf } from './outcome.ts';

const seed = 3;
const runs = 1500;

const words =
  '0 1 01 10 127 255 256 0x7f fd00 fe80 ff02 ffff a00 64 ff9b n1 svc kubernetes localhost example com xn--1';
const oddities = ['*', '_', '-', '', ' ', '\n', '\u0000', '\u212a', 'ſ'];

/** Texts near the borders of what is an address or a host name. */
const piece = constantFrom(...words.split(' '), ...oddities);
const separator = constantFrom('.', '.', '.', ':', ':', '::', '/', '%', '-');
const text = tuple(piece, array(tuple(separator, piece), { maxLength: 8 })).map(
  ([first, rest]) => first + rest.map((pair) => pair.join('')).join(''),
);
const address = oneof(
  ipV4(),
  ipV6().map((ip) => ip.toLowerCase()),
  text,
);
const username = oneof(
  text,
  constant('system:node:n1'),
  text.map((name) => `system:node:${name}`),
);

const request = record({
  dns: array(oneof(text, domain(), ipV4()), { maxLength: 4 }),
  ip: array(address, { maxLength: 4 }),
  username,
  usages: subarray(['digital signature', 'key encipherment', 'server auth', 'client auth']),
});

it('says the same on OPA and on WebAssembly, whatever a request holds', { timeout: 240_000 }, async () => {
  const good = await goodCase();
  const cases = sample(request, { seed, numRuns: runs }).map(
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
