import { describe, expect, test } from 'vitest';
import { ClaimsIndex, nodeClaims } from '../../../src/facts/claims.ts';
import { LiveClaims, type WatchState } from '../../../src/facts/live-claims.ts';
import { cap, node } from './nodes.ts';

function indexOf(nodes: Readonly<Record<string, readonly string[]>>): ClaimsIndex {
  const index = new ClaimsIndex();
  for (const [name, listed] of Object.entries(nodes)) index.upsert(nodeClaims(node(name, listed), cap));
  return index;
}

const over = Array.from({ length: 9 }, (_, index) => `InternalIP 10.0.0.${String(index)}`);

describe('claims', () => {
  test.each<[string, Record<string, string[]>, { dns?: string[]; ip?: string[] }, Record<string, string[]>]>([
    ['of nobody', {}, { ip: ['10.0.0.1'] }, { '10.0.0.1': [] }],
    ['of the owner', { n1: ['InternalIP 10.0.0.1'] }, { ip: ['10.0.0.1'] }, { '10.0.0.1': ['n1'] }],
    [
      'of two, sorted',
      { n2: ['ExternalIP 10.0.0.1'], n1: ['InternalIP 10.0.0.1'] },
      { ip: ['10.0.0.1'] },
      { '10.0.0.1': ['n1', 'n2'] },
    ],
    ['whatever the type', { n2: ['Hostname 10.0.0.1'] }, { ip: ['10.0.0.1'] }, { '10.0.0.1': ['n2'] }],
    [
      'of an IPv6 in another notation',
      { n2: ['InternalIP FD00:0:0::1'] },
      { ip: ['fd00::1'] },
      { 'fd00::1': ['n2'] },
    ],
    ['of a name in another case', { n2: ['Hostname N1'] }, { dns: ['n1'] }, { n1: ['n2'] }],
    ['asked in another case', { n2: ['Hostname n1'] }, { dns: ['N1'] }, { n1: ['n2'] }],
    ['asked twice in two cases', {}, { dns: ['N1', 'n1'] }, { n1: [] }],
    [
      'of a Node over the cap do not count',
      { flood: over, n1: ['InternalIP 10.0.0.1'] },
      { ip: ['10.0.0.1'] },
      { '10.0.0.1': ['n1'] },
    ],
    ['of an exempt Node do', { router: over }, { ip: ['10.0.0.1'] }, { '10.0.0.1': ['router'] }],
    [
      'of names that JavaScript knows',
      { n1: ['Hostname constructor'] },
      { dns: ['constructor', '__proto__'] },
      { constructor: ['n1'], ['__proto__']: [] },
    ],
  ])('%s', (_, nodes, { dns = [], ip = [] }, expected) => {
    const claims = indexOf(nodes).claimsOf({ dns, ip });
    expect(claims.map(({ address, nodes: names }) => [address, names])).toEqual(Object.entries(expected));
  });

  test('follow a Node that gives an address up, takes another, and goes', () => {
    const index = indexOf({ n1: ['InternalIP 10.0.0.1', 'Hostname n1'], n2: ['InternalIP 10.0.0.2'] });
    const claimants = () =>
      index.claimsOf({ dns: ['n1'], ip: ['10.0.0.1', '10.0.0.3'] }).map(({ nodes }) => nodes.join());
    expect(claimants()).toEqual(['n1', 'n1', '']);
    index.upsert(nodeClaims(node('n1', ['InternalIP 10.0.0.3'], { resourceVersion: '8' }), cap));
    expect(claimants()).toEqual(['', '', 'n1']);
    expect(index.resourceVersion('n1')).toBe('8');
    index.delete('n1');
    index.delete('n1');
    expect([claimants(), index.size, index.resourceVersion('n1')]).toEqual([['', '', ''], 1, undefined]);
  });

  test('show a bounded number of claimants', () => {
    const names = Array.from({ length: 100 }, (_, index) => `n${String(index)}`);
    const index = indexOf(Object.fromEntries(names.map((name) => [name, ['InternalIP 10.0.0.1']])));
    expect(index.claimsOf({ dns: [], ip: ['10.0.0.1'] })[0]?.nodes).toHaveLength(16);
  });
});

describe('the index is trusted only while its watch is', () => {
  const good = { hasSynced: true, progressAgeMs: () => 0, hasSeen: () => false };
  const live = (watch: Partial<WatchState>) =>
    new LiveClaims(
      indexOf({ n1: ['InternalIP 10.0.0.1'] }),
      { ...good, ...watch },
      { maxAgeMs: 1000, catchUpMs: 30 },
    );

  test.each<[string, Partial<WatchState>, string, string | undefined]>([
    ['has that Node as it was read', {}, 'n1', '7'],
    ['has shown everything up to it', { hasSeen: (version: string) => version === '9' }, 'n1', '9'],
    ['need not have shown a Node that does not exist', {}, 'n9', undefined],
    ['was silent for as long as it may', { progressAgeMs: () => 1000 }, 'n1', '7'],
  ])('yes: it %s', async (_, watch, name, version) => {
    await expect(live(watch).caughtUp(name, version)).resolves.toBeUndefined();
  });

  test.each([
    ['not synced', { hasSynced: false }, '7', /not been listed yet/],
    ['not synced, and no Node', { hasSynced: false }, undefined, /not been listed yet/],
    ['silent for too long', { progressAgeMs: () => 1001 }, '7', /silent for 1 s/],
    ['silent for ever', { progressAgeMs: () => Infinity }, '7', /silent for/],
    ['behind', {}, '8', /lags behind/],
    ['ahead is not known to be: unsure is no', {}, '6', /lags behind/],
  ])('no: it is %s', async (_, watch, version, message) => {
    await expect(live(watch).caughtUp('n1', version)).rejects.toThrow(message);
  });

  test('it is waited for', async () => {
    let asked = 0;
    const watch = { hasSeen: () => (asked += 1) > 2 };
    await expect(live(watch).caughtUp('n1', '9')).resolves.toBeUndefined();
    expect(asked).toBe(3);
  });

  test('a watch that dies while it is waited for is not waited for', async () => {
    let age = 0;
    const caughtUp = live({ progressAgeMs: () => age }).caughtUp('n1', '9');
    age = 5000;
    await expect(caughtUp).rejects.toThrow(/silent for 5 s/);
  });
});
