import { describe, expect, test } from 'vitest';
import type { ClusterObjects } from '../../../src/facts/cluster.ts';
import { ClusterCache, clusterFact } from '../../../src/facts/cluster.ts';
import type { ClusterFact } from '../../../src/decide/input.ts';

const good: ClusterObjects = {
  service: { spec: { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'FD00:96::1'] } },
  endpointSlices: [{ endpoints: [{ addresses: ['192.0.2.10'] }, { addresses: ['192.0.2.9'] }] }],
  serviceCIDRs: [{ spec: { cidrs: ['10.96.0.0/16', 'fd00:96::/108'] } }],
};
const config = { apiNames: [], apiAddresses: [], serviceCIDRs: [], podCIDRs: [], dnsDomain: 'cluster.local' };

describe('the cluster fact', () => {
  test('is what the cluster says of its control plane, sorted and canonical', () => {
    expect(clusterFact(good, config)).toEqual({
      api_names: [
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
      ],
      api_addresses: ['10.96.0.1', '192.0.2.10', '192.0.2.9', 'fd00:96::1'],
      service_cidrs: ['10.96.0.0/16', '10.96.0.1/32', 'fd00:96::/108', 'fd00:96::1/128'],
      pod_cidrs: [],
    });
  });

  test('and what configuration adds, which never takes away', () => {
    const more = {
      apiNames: ['api.example.com', 'kubernetes'],
      apiAddresses: ['FD00:0::9', '10.96.0.1'],
      serviceCIDRs: ['10.97.0.0/16'],
      podCIDRs: ['10.244.0.0/16'],
      dnsDomain: 'corp.example',
    };
    const fact = clusterFact(good, more);
    expect(fact.api_names).toContain('kubernetes.default.svc.corp.example');
    expect(fact.api_names).toContain('api.example.com');
    expect(fact.api_addresses).toEqual(['10.96.0.1', '192.0.2.10', '192.0.2.9', 'fd00:96::1', 'fd00::9']);
    expect(fact.service_cidrs).toContain('10.96.0.0/16');
    expect(fact.service_cidrs).toContain('10.97.0.0/16');
    expect(fact.pod_cidrs).toEqual(['10.244.0.0/16']);
  });

  test('without ServiceCIDR objects has the range of the Service alone', () => {
    const fact = clusterFact({ ...good, serviceCIDRs: undefined }, config);
    expect(fact.service_cidrs).toEqual(['10.96.0.1/32', 'fd00:96::1/128']);
  });

  test.each<[string, Partial<ClusterObjects>, RegExp]>([
    ['a Service without IP', { service: { spec: { clusterIP: '', clusterIPs: [] } } }, /no cluster IP/],
    [
      'a headless Service',
      { service: { spec: { clusterIP: 'None', clusterIPs: ['None'] } } },
      /no cluster IP/,
    ],
    ['no slices', { endpointSlices: [] }, /no endpoints/],
    ['an empty slice', { endpointSlices: [{ endpoints: [] }] }, /no endpoints/],
    ['names for endpoints', { endpointSlices: [{ endpoints: [{ addresses: ['api'] }] }] }, /no endpoints/],
  ])('is an error: %s', (_, objects, message) => {
    expect(() => clusterFact({ ...good, ...objects }, config)).toThrow(message);
  });
});

const facts = (name: string): ClusterFact => ({ ...clusterFact(good, config), api_names: [name] });
function cache(answers: (() => Promise<ClusterFact>)[]) {
  let now = 0;
  let reads = 0;
  const load = () => answers[reads++]?.() ?? Promise.reject(new Error('one read too many'));
  return {
    cache: new ClusterCache(load, () => now, 1000),
    turn: (ms: number) => (now += ms),
    reads: () => reads,
  };
}
const gives = (name: string) => () => Promise.resolve(facts(name));
const down = () => Promise.reject(new Error('down'));

describe('the cache', () => {
  test('reads once while fresh, and again when it is not', async () => {
    const { cache: it, turn, reads } = cache([gives('a'), gives('b')]);
    expect((await it.get()).api_names).toEqual(['a']);
    turn(999);
    expect((await it.get()).api_names).toEqual(['a']);
    turn(1);
    expect((await it.get()).api_names).toEqual(['b']);
    expect(reads()).toBe(2);
  });

  test('many who ask at once share one read', async () => {
    const { cache: it, reads } = cache([gives('a')]);
    await Promise.all(Array.from({ length: 50 }, () => it.get()));
    expect(reads()).toBe(1);
  });

  test('a failed read is an error for all who asked, whatever was known before', async () => {
    const { cache: it, turn } = cache([gives('a'), down, gives('b')]);
    await it.get();
    turn(2000);
    const both = await Promise.allSettled([it.get(), it.get()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await it.get()).api_names).toEqual(['b']);
  });

  test('is as old as the read was when it began', async () => {
    const slow = Promise.withResolvers<ClusterFact>();
    const { cache: it, turn } = cache([() => slow.promise, gives('b')]);
    const first = it.get();
    turn(1000);
    slow.resolve(facts('a'));
    await first;
    expect((await it.get()).api_names).toEqual(['b']);
  });
});
