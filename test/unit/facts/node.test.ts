import { describe, expect, test } from 'vitest';
import { missingNode, nodeAddresses, nodeFact, nodeNameOf, nodeUser } from '../../../src/facts/node.ts';
import { asNode } from '../../../src/kube/objects.ts';
import { cap, node } from './nodes.ts';

const read = (...listed: string[]) =>
  nodeAddresses(node('n1', listed), cap)?.map(({ type, address }) => `${type} ${address}`);

describe('addresses, as the kubelet would put them into its request', () => {
  test.each([
    ['KBL-01 none', [], []],
    ['KBL-02 an empty Hostname', ['Hostname '], []],
    ['KBL-03 no IPs', ['InternalIP 1.2', 'ExternalIP 3.4'], []],
    [
      'KBL-04 the same ones under several types',
      ['Hostname h', 'ExternalDNS h', 'InternalDNS h', 'InternalIP 1.1.1.1', 'ExternalIP 1.1.1.1'],
      ['Hostname h', 'ExternalDNS h', 'InternalDNS h', 'InternalIP 1.1.1.1', 'ExternalIP 1.1.1.1'],
    ],
    [
      'KBL-06 a Hostname that is an IP',
      ['Hostname h', 'Hostname 1.1.1.1'],
      ['Hostname h', 'Hostname 1.1.1.1'],
    ],
    ['KBL-07 a Hostname alone', ['Hostname fake-node'], ['Hostname fake-node']],
    ['KBL-08 an InternalIP alone', ['InternalIP 192.168.1.1'], ['InternalIP 192.168.1.1']],
    ['KBL-10 an InternalDNS that looks like an IP', ['InternalDNS 10.0.0.9'], ['InternalDNS 10.0.0.9']],
    ['IPv6 in canonical text', ['InternalIP FD00:0::01'], ['InternalIP fd00::1']],
    ['IPv6 as Hostname', ['Hostname fd00:0:0::1'], ['Hostname fd00::1']],
    [
      'a v4-mapped address is its IPv4, as Go reads it',
      ['InternalIP ::ffff:10.0.0.1', 'ExternalIP ::ffff:a00:2'],
      ['InternalIP 10.0.0.1', 'ExternalIP 10.0.0.2'],
    ],
    ['an IP with leading zeros is none', ['InternalIP 010.0.0.1'], []],
    ['an IP with a zone is none', ['InternalIP fe80::1%eth0'], []],
    ['a range is none', ['InternalIP 10.0.0.0/8'], []],
    ['blanks make it none', ['InternalIP  10.0.0.1', 'ExternalIP 10.0.0.1 '], []],
    ['a type of tomorrow is kept as a name', ['Pigeon coop'], ['Pigeon coop']],
    ['a name of 253 characters', [`Hostname ${'a'.repeat(253)}`], [`Hostname ${'a'.repeat(253)}`]],
    ['a name of 254 characters', [`Hostname ${'a'.repeat(254)}`], []],
    ['a megabyte', [`InternalDNS ${'a'.repeat(1 << 20)}`, 'InternalIP 10.0.0.1'], ['InternalIP 10.0.0.1']],
    ['a megabyte of digits', [`InternalIP ${'1'.repeat(1 << 20)}`], []],
  ])('%s', (_, listed, expected) => {
    expect(read(...listed)).toEqual(expected);
  });

  test('keep their case: comparing is the business of who compares', () => {
    expect(read('Hostname Node-1.Example.COM')).toEqual(['Hostname Node-1.Example.COM']);
  });

  test.each([
    ['none', {}],
    ['no list', { status: { addresses: 'InternalIP' } }],
    ['no objects', { status: { addresses: [null, 'x', 7] } }],
    ['no texts', { status: { addresses: [{ type: 1, address: {} }] } }],
  ])('that are malformed are none: %s', (_, status) => {
    const given = asNode({ metadata: { name: 'n1', uid: 'u', resourceVersion: '1' }, ...status });
    expect(nodeAddresses(given, cap)).toEqual([]);
  });
});

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => `InternalIP 10.0.0.${String(index)}`);

describe('the cap', () => {
  test.each([
    ['n1', 8, false],
    ['n1', 9, true],
    ['router', 9, false],
    ['Router', 9, true],
  ])('%s with %d addresses: over it is %s', (name, count, over) => {
    const fact = nodeFact(node(name, many(count)), cap);
    expect([fact.addresses_over_cap, fact.addresses.length]).toEqual([over, over ? 0 : count]);
  });

  test('counts what is listed, not what is left of it', () => {
    expect(read(...Array.from({ length: 9 }, () => 'InternalIP none'))).toBeUndefined();
  });
});

describe('the fact', () => {
  test('says what the API server knows', () => {
    const metadata = {
      labels: { a: 'b' },
      annotations: { c: 'd' },
      deletionTimestamp: '2026-11-22T06:00:00Z',
    };
    expect(nodeFact(node('n1', ['InternalIP 10.0.0.1'], metadata), cap)).toEqual({
      found: true,
      name: 'n1',
      uid: 'uid-n1',
      created_at: '2026-11-22T05:00:00Z',
      deleting: true,
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      addresses_over_cap: false,
      labels: { a: 'b' },
      annotations: { c: 'd' },
      provider_id: '',
    });
  });

  test.each([
    ['2026-11-22T07:00:00.5+02:00', '2026-11-22T05:00:00Z'],
    ['', ''],
    ['yesterday', ''],
  ])('has a creation time %j as %j', (creationTimestamp, expected) => {
    expect(nodeFact(node('n1', [], { creationTimestamp }), cap).created_at).toBe(expected);
  });

  test('has the same fields when there is no Node', () => {
    expect(Object.keys(missingNode('n1'))).toEqual(Object.keys(nodeFact(node('n1', []), cap)));
    expect(missingNode('n1').found).toBe(false);
  });
});

describe('the Node of a requestor', () => {
  test.each([
    ['system:node:n1', 'n1'],
    ['system:node:n1.eu.example.com', 'n1.eu.example.com'],
    [`system:node:${'a'.repeat(253)}`, 'a'.repeat(253)],
  ])('%s', (username, name) => {
    expect(nodeNameOf(username)).toBe(name);
    expect(nodeUser(name)).toBe(username);
  });

  test.each([
    '',
    'system:node:',
    'system:nodes:n1',
    'System:node:n1',
    'system:node:N1',
    'system:node:n1/status',
    'system:node:../namespaces',
    'system:node:n1?x',
    'system:node:n1%2f',
    'system:node:.',
    'system:node:-n1',
    'system:node:n1-',
    'system:node:n1..x',
    'system:node:n1\n',
    'system:node: n1',
    'system:node:nodé',
    `system:node:${'a'.repeat(254)}`,
    'system:serviceaccount:default:default',
  ])('%j is none', (username) => {
    expect(nodeNameOf(username)).toBeUndefined();
  });
});
