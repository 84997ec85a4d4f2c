import { afterAll, beforeAll, expect, it } from 'vitest';
import { Oracle } from '../oracle/oracle.ts';
import { buildCSR, toPEM } from '../support/csr.ts';
import { latin1 } from '../support/der.ts';
import { judge } from './judge.ts';
import { breaches } from './law.ts';
import { readRequest } from './reading.ts';

let oracle: Oracle;
beforeAll(async () => {
  oracle = await Oracle.start();
});
afterAll(() => oracle.close());

/** Every single bit of it, flipped. */
const flips = (data: Uint8Array): Uint8Array[] =>
  Array.from({ length: data.length * 8 }, (_, bit) =>
    data.map((octet, i) => (i === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet)),
  );

const golden = buildCSR({ ip: ['10.0.0.1', 'fd00::1'] });

it.each([
  ['of the armoured text', flips(golden.pem)],
  ['of the DER, armoured again', flips(golden.der).map((der) => latin1(toPEM(der)))],
])('each bit flipped %s is refused, and breaks no law', async (_, requests) => {
  const answers = await oracle.askAll(requests);
  for (const [i, request] of requests.entries()) {
    const reading = readRequest(request);
    const answer = answers[i];
    expect(reading.accepted, `bit ${i}`).toBe(false);
    expect(answer && breaches(request, reading, answer, judge), `bit ${i}`).toEqual([]);
  }
});
