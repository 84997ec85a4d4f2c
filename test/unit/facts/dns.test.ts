import { afterEach, describe, expect, test } from 'vitest';
import { resolveNames } from '../../../src/facts/dns.ts';
import { type Answer, DNSServer } from '../../support/dns-server.ts';

let server: DNSServer | undefined;
afterEach(() => {
  server?.stop();
  server = undefined;
});

const NOERROR = 0;
const FORMERR = 1;
const SERVFAIL = 2;
const NXDOMAIN = 3;
const REFUSED = 5;

/** Asks a server that knows these names; others do not exist. */
async function resolve(
  names: readonly string[],
  zone: Readonly<Record<string, Answer>> = {},
  timeoutMs = 2000,
) {
  server = await DNSServer.start((name) => zone[name] ?? NXDOMAIN);
  return resolveNames(names, { servers: [server.address], timeoutMs });
}
const many = (length: number) => Array.from({ length }, (_, index) => `10.0.1.${String(index)}`);

test('both kinds of addresses, canonical, once and sorted', async () => {
  const addresses = ['10.0.0.2', 'fd00:0:0:0:0:0:0:a', '10.0.0.1', '10.0.0.2', '0:0:0:0:0:ffff:a00:1'];
  expect(await resolve(['N1.example.com'], { 'n1.example.com': addresses })).toEqual([
    { name: 'n1.example.com', found: true, addresses: ['10.0.0.1', '10.0.0.2', 'fd00::a'] },
  ]);
});

test('one entry for each name, in order, asked once', async () => {
  const facts = await resolve(['b', 'a', 'B'], { a: ['10.0.0.1'], b: ['10.0.0.2'] });
  expect(facts.map(({ name }) => name)).toEqual(['b', 'a']);
  expect(server?.asked.sort()).toEqual(['a A', 'a AAAA', 'b A', 'b AAAA']);
});

test.each<[string, Answer]>([
  ['no such name', NXDOMAIN],
  ['no address', NOERROR],
])('%s is an answer', async (_, answer) => {
  expect(await resolve(['n1'], { n1: answer })).toEqual([{ name: 'n1', found: false, addresses: [] }]);
});

test.each([
  '*.example.com',
  'a_b',
  '-a',
  'a-',
  'a..b',
  '.',
  '',
  'a b',
  'a/b',
  'a\u{0}b',
  'é',
  'a'.repeat(64),
  'a.'.repeat(128),
])('%j is no host name, and is not asked for', async (name) => {
  expect(await resolve([name])).toEqual([{ name, found: false, addresses: [] }]);
  expect(server?.asked).toEqual([]);
});

test('nothing is asked for no names', async () => {
  expect(await resolve([])).toEqual([]);
});

test('64 addresses are shown', async () => {
  expect((await resolve(['n1'], { n1: many(64) }))[0]?.addresses).toHaveLength(64);
});

describe('an error, not a no:', () => {
  test.each<[string, Answer, RegExp]>([
    ['a server that fails', SERVFAIL, /^n1: the DNS server failed \(SERVFAIL\)$/],
    ['a server that refuses', REFUSED, /^n1: .*REFUSED/],
    ['a server that does not understand', FORMERR, /^n1: .*FORMERR/],
    ['garbage', 'garbage', /^n1: .*an answer that is none/],
    ['more addresses than are shown', many(65), /^n1: it has more than 64 addresses/],
  ])('%s', async (_, answer, message) => {
    await expect(resolve(['n1'], { n1: answer })).rejects.toThrow(message);
  });

  test('a server that hangs, which takes no longer than its time', async () => {
    const before = performance.now();
    await expect(resolve(['n1', 'n2'], { n1: 'silence', n2: 'silence' }, 200)).rejects.toThrow(
      /^n1: the DNS server does not answer in time \S+; n2: the DNS server does not answer in time \S+$/,
    );
    // By itself the resolver would go on for more than ten seconds.
    expect(performance.now() - before).toBeLessThan(5000);
  });

  test('one name of several', async () => {
    const zone = { n1: ['10.0.0.1'], n2: SERVFAIL };
    await expect(resolve(['n1', 'n2'], zone)).rejects.toThrow(/^n2: .*SERVFAIL\)$/);
  });

  test('many names are counted', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const zone = Object.fromEntries(names.map((name) => [name, SERVFAIL]));
    await expect(resolve(names, zone)).rejects.toThrow(/^a: .*; b: .*; c: .*; and 2 more$/);
  });

  test('nobody listens', async () => {
    const gone = await DNSServer.start(() => NXDOMAIN);
    const { address } = gone;
    gone.stop();
    await expect(resolveNames(['n1'], { servers: [address], timeoutMs: 500 })).rejects.toThrow(
      /^n1: (nothing listens at the DNS server|no answer)/,
    );
  });
});
