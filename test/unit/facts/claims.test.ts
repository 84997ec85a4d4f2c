import { describe, expect, test, vi } from 'vitest';
import { Reflector } from '../../../src/controller/reflector.ts';
import { ClaimsIndex, nodeClaims, type NodeClaims } from '../../../src/facts/claims.ts';
import { LiveClaims, type WatchState } from '../../../src/facts/live-claims.ts';
import { asNode, type NodeObject } from '../../../src/kube/objects.ts';
import type { Source } from '../../../src/kube/source.ts';
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
    [
      'of an absolute name',
      { n2: ['InternalDNS N1.example.com.'] },
      { dns: ['n1.example.com'] },
      { 'n1.example.com': ['n2'] },
    ],
    ['asked in another case', { n2: ['Hostname n1'] }, { dns: ['N1'] }, { n1: ['n2'] }],
    ['asked twice in two cases', {}, { dns: ['N1', 'n1'] }, { n1: [] }],
    [
      'of a Node over the cap: as many as the cap, the first',
      { flood: over, n1: ['InternalIP 10.0.0.8'] },
      { ip: ['10.0.0.7', '10.0.0.8'] },
      { '10.0.0.7': ['flood'], '10.0.0.8': ['n1'] },
    ],
    ['of an exempt Node: all', { router: over }, { ip: ['10.0.0.8'] }, { '10.0.0.8': ['router'] }],
    [
      'of a Node on its own name, listed or not',
      { n1: [], n2: ['Hostname n1'] },
      { dns: ['N1'] },
      { n1: ['n1', 'n2'] },
    ],
    ['of a Node over the cap on its own name', { flood: over }, { dns: ['flood'] }, { flood: ['flood'] }],
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
    index.upsert(nodeClaims(node('n1', ['InternalIP 10.0.0.3']), cap));
    expect(claimants()).toEqual(['n1', '', 'n1']);
    index.delete('n1');
    index.delete('n1');
    expect([claimants(), index.size]).toEqual([['', '', ''], 1]);
  });

  test('show a bounded number of claimants', () => {
    const names = Array.from({ length: 100 }, (_, index) => `n${String(index)}`);
    const index = indexOf(Object.fromEntries(names.map((name) => [name, ['InternalIP 10.0.0.1']])));
    expect(index.claimsOf({ dns: [], ip: ['10.0.0.1'] })[0]?.nodes).toHaveLength(16);
  });

  test('show the Node whose name it is, however many others list it', () => {
    const names = Array.from({ length: 20 }, (_, index) => `a${String(index)}`);
    const others = Object.fromEntries(names.map((name) => [name, ['Hostname n1']]));
    const [claim] = indexOf({ ...others, n1: [] }).claimsOf({ dns: ['N1'], ip: [] });
    expect(claim?.nodes).toHaveLength(16);
    expect(claim?.nodes).toContain('n1');
  });
});

describe('the index is trusted only while its watch is', () => {
  const good = { hasSynced: true, progressAgeMs: () => 0, hasSeen: (version: string) => version === '7' };
  const live = (watch: Partial<WatchState>) =>
    new LiveClaims(
      indexOf({ n1: ['InternalIP 10.0.0.1'] }),
      { ...good, ...watch },
      { maxAgeMs: 1000, catchUpMs: 30 },
    );

  test.each<[string, Partial<WatchState>, string | undefined]>([
    ['has shown everything up to that Node', {}, '7'],
    ['need not have shown a Node that does not exist', {}, undefined],
    ['was silent for as long as it may', { progressAgeMs: () => 1000 }, '7'],
  ])('yes: it %s', async (_, watch, version) => {
    await expect(live(watch).caughtUp(version)).resolves.toBeUndefined();
  });

  test.each([
    ['not synced', { hasSynced: false }, '7', /not been listed yet/],
    ['not synced, and no Node', { hasSynced: false }, undefined, /not been listed yet/],
    ['silent for too long', { progressAgeMs: () => 1001 }, '7', /silent for 1 s/],
    ['silent for ever', { progressAgeMs: () => Infinity }, '7', /silent for/],
    ['behind', {}, '8', /lags behind/],
    ['ahead is not known to be: unsure is no', {}, '6', /lags behind/],
  ])('no: it is %s', async (_, watch, version, message) => {
    await expect(live(watch).caughtUp(version)).rejects.toThrow(message);
  });

  test('it is waited for', async () => {
    let asked = 0;
    const watch = { hasSeen: () => (asked += 1) > 2 };
    await expect(live(watch).caughtUp('9')).resolves.toBeUndefined();
    expect(asked).toBe(3);
  });

  test('a watch that dies while it is waited for is not waited for', async () => {
    let age = 0;
    const caughtUp = live({ progressAgeMs: () => age }).caughtUp('9');
    age = 5000;
    await expect(caughtUp).rejects.toThrow(/silent for 5 s/);
  });
});

/** Lists one Node a page and waits before the last one of the second list. */
function inPages(lists: readonly (readonly NodeObject[])[], lastPage: Promise<void>): Source {
  let list = -1;
  return {
    async list({ continueToken }) {
      if (continueToken === '') list = Math.min(list + 1, lists.length - 1);
      const nodes = lists[list] ?? [];
      const page = Number(continueToken);
      if (list > 0 && page === nodes.length - 1) await lastPage;
      const last = page === nodes.length - 1;
      return {
        items: [nodes[page]],
        resourceVersion: String(10 * (list + 1)),
        continueToken: last ? '' : String(page + 1),
      };
    },
    // oxlint-disable-next-line require-yield -- a watch that is over at once
    async *watch() {
      throw new Error('the watch is gone');
    },
  };
}

test('the index is not trusted between the pages of a list, though the Node in question is in it', async () => {
  const before = [
    node('evil', ['InternalIP 10.0.0.2'], { resourceVersion: '1' }),
    node('good', [], { resourceVersion: '2' }),
  ];
  const after = [
    node('evil', ['InternalIP 10.0.0.2', 'InternalIP 10.0.0.9'], { resourceVersion: '12' }),
    node('good', ['InternalIP 10.0.0.9'], { resourceVersion: '11' }),
  ];
  const lastPage = Promise.withResolvers<void>();
  const index = new ClaimsIndex();
  const reflector = new Reflector<NodeClaims>({
    source: inPages([before, after], lastPage.promise),
    backoff: { baseMs: 1, maxMs: 1 },
    project: (object) => nodeClaims(asNode(object), cap),
    handler: { onUpsert: (claims) => index.upsert(claims) },
  });
  const claims = new LiveClaims(index, reflector, { maxAgeMs: 60_000, catchUpMs: 20 });
  const claimants = () => claims.claimsOf({ dns: [], ip: ['10.0.0.9'] })[0]?.nodes;
  reflector.start();
  try {
    await vi.waitFor(() => expect(claimants()).toEqual(['evil']));
    await expect(claims.caughtUp('12')).rejects.toThrow(/lags behind/);
    lastPage.resolve();
    await vi.waitFor(() => claims.caughtUp('12'));
    expect(claimants()).toEqual(['evil', 'good']);
  } finally {
    lastPage.resolve();
    await reflector.stop();
  }
});
