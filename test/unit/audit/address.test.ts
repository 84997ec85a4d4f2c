import { describe, expect, test } from 'vitest';
import { refusedTarget } from '../../../src/audit/address.ts';

test.each([
  '10.0.0.1',
  '192.168.1.1',
  '172.16.0.1',
  '100.64.0.1',
  '203.0.113.1',
  '8.8.8.8',
  'fd00::1',
  '2001:db8::1',
])('a kubelet may be at %s', (address) => {
  expect(refusedTarget(address, 10_250)).toBeUndefined();
});

describe('no kubelet is at', () => {
  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '192.0.0.192',
    '100.100.100.200',
    '168.63.129.16',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '64:ff9b:1:ffff::a9fe:a9fe',
    '::ffff:0:a9fe:a9fe',
    'fe80::1',
    'febf::1',
    'ff02::1',
    'fd00:ec2::254',
    'fd20:ce::254',
  ])('%s', (address) => {
    expect(refusedTarget(address, 10_250)).toMatch(/ is (a|an) /);
  });

  test.each([
    '127.1',
    '0x7f000001',
    '2130706433',
    'localhost',
    '::ffff:127.0.0.1',
    'fe80::1%eth0',
    '010.0.0.1',
    '',
  ])('%s, which is no canonical address', (address) => {
    expect(refusedTarget(address, 10_250)).toMatch(/ is no address$/);
  });

  test.each([0, -1, 22, 443, 1023, 65_536, 1.5, NaN])('port %d', (port) => {
    expect(refusedTarget('10.0.0.1', port)).toMatch(/^port /);
  });

  test.each([1024, 10_250, 65_535])('not so port %d', (port) => {
    expect(refusedTarget('10.0.0.1', port)).toBeUndefined();
  });
});
