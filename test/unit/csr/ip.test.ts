import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { embedsIPv4, formatIP, parseIP } from '../../../src/csr/ip.ts';
import { ipOctets } from '../../support/csr.ts';
import { hex } from '../../support/der.ts';

/** What Go 1.26 says: net.ParseIP(text).String(), or nothing. */
const parsed: readonly (readonly [text: string, canonical: string | undefined])[] = [
  ['10.0.0.1', '10.0.0.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['010.0.0.1', undefined],
  ['10.0.0.01', undefined],
  ['00.0.0.0', undefined],
  ['256.0.0.1', undefined],
  ['1000.0.0.1', undefined],
  ['10.0.0', undefined],
  ['10.0.0.1.2', undefined],
  ['10.0.0.', undefined],
  ['.10.0.0', undefined],
  ['10..0.1', undefined],
  ['10.0.0.1 ', undefined],
  [' 10.0.0.1', undefined],
  ['10.0.0.1\n', undefined],
  ['+1.0.0.1', undefined],
  ['-1.0.0.1', undefined],
  ['1e1.0.0.1', undefined],
  ['0x1.0.0.1', undefined],
  ['١.0.0.1', undefined],
  ['10.0.0.1%eth0', undefined],
  ['10.0.0.1/8', undefined],
  ['10', undefined],
  ['', undefined],
  ['localhost', undefined],

  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['fd00::1', 'fd00::1'],
  ['FD00::ABCD', 'fd00::abcd'],
  ['fd00:0:0:0:0:0:0:1', 'fd00::1'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::FFFF:a00:1', '10.0.0.1'],
  ['0:0:0:0:0:ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:0:10.0.0.1', '::ffff:0:a00:1'],
  ['::10.0.0.1', '::a00:1'],
  ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ['1:2:3:4:5:6:10.0.0.1', '1:2:3:4:5:6:a00:1'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['1:2:3:4:5:10.0.0.1', undefined],
  ['1:2:3:4:5:6:7:10.0.0.1', undefined],
  ['::10.0.0.01', undefined],
  ['::10.0.0', undefined],
  ['10.0.0.1::', undefined],
  ['10.0.0.1:1::', undefined],
  ['::10.0.0.1:1', undefined],
  ['1:2:3:4:5:6:7', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1:2:3:4:5:6:7:8::', undefined],
  ['::1:2:3:4:5:6:7:8', undefined],
  ['1:2:3:4::5:6:7:8', undefined],
  ['1::2::3', undefined],
  [':::', undefined],
  [':', undefined],
  [':1', undefined],
  ['1:', undefined],
  ['1:2:3:4:5:6:7:', undefined],
  ['12345::', undefined],
  ['00001::', undefined],
  ['g::', undefined],
  ['fe80::1%eth0', undefined],
  ['fe80::1%', undefined],
  ['::%1', undefined],
  ['[::1]', undefined],
  ['::1/128', undefined],
  [' ::1', undefined],
  ['::1\0', undefined],
  ['1'.repeat(1_000_000), undefined],
  [':'.repeat(1_000_000), undefined],
];

describe('parseIP', () => {
  test.each(parsed.map(([text, canonical]) => [text.slice(0, 50), text, canonical] as const))(
    '%j',
    (_shown, text, canonical) => {
      expect(parseIP(text)).toBe(canonical);
    },
  );

  test('never throws', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9abfg:.%/ ]*$/), (text) => {
        const canonical = parseIP(text);
        // What is canonical already stays as it is.
        if (canonical !== undefined) expect(parseIP(canonical)).toBe(canonical);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('formatIP', () => {
  test.each([
    ['00000000000000000000ffff0a000001', '10.0.0.1'],
    ['00000000000000000000fffe0a000001', '::fffe:a00:1'],
    ['0000000000000000ffff00000a000001', '::ffff:0:a00:1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['00010000000000000000000000000000', '1::'],
  ])('%s is %s', (octets, text) => {
    expect(formatIP(hex(octets))).toBe(text);
  });

  test.each([0, 3, 5, 15, 17])('%i bytes are a mistake of the caller', (length) => {
    expect(() => formatIP(new Uint8Array(length))).toThrow(
      new TypeError(`an IP address has 4 or 16 bytes, not ${length}`),
    );
  });

  test('parseIP reads what it writes', () => {
    const octets = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
        .map((all) => Uint8Array.from(all)),
    );
    fc.assert(
      fc.property(octets, (address) => {
        const text = formatIP(address);
        expect(parseIP(text)).toBe(text);
        const mapped = text.includes('.') && address.length === 16;
        expect(ipOctets(text)).toEqual(mapped ? address.slice(12) : address);
      }),
      { numRuns: 2000 },
    );
  });

  test('an address in the middle of a larger buffer is read at its place', () => {
    const larger = hex(`ffff${'00'.repeat(15)}01ffff`);
    expect(formatIP(larger.subarray(2, 18))).toBe('::1');
  });
});

test.each([
  ['::ffff:a00:1', true],
  ['::a00:1', true],
  ['::2', true],
  ['::1:0', true],
  ['::', false],
  ['::1', false],
  ['::1:0:0', false],
  ['::1:a00:1', false],
  ['::fffe:a00:1', false],
  ['::ffff:0:a00:1', false],
  ['64:ff9b::a00:1', false],
  ['10.0.0.1', false],
])('%s embeds an IPv4 address: %s', (text, yes) => {
  expect(embedsIPv4(ipOctets(text))).toBe(yes);
});

test.each(['00'.repeat(10) + 'ffff0a00000100', '00'.repeat(12) + '0a00000100'])(
  'seventeen bytes embed nothing: %s',
  (octets) => {
    expect(embedsIPv4(hex(octets))).toBe(false);
  },
);
