import { describe, expect, test } from 'vitest';
import { Reflector, type ReflectorOptions } from '../../../src/controller/reflector.ts';
import type { WatchEvent } from '../../../src/kube/watch-event.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import type { ListPage } from '../../../src/kube/list.ts';
import type { Source } from '../../../src/kube/source.ts';
import { FakeClock, settle } from './fake-clock.ts';

const object = (name: string, resourceVersion: string, extra: object = {}) => ({
  metadata: { name, uid: `uid-${name}`, resourceVersion },
  ...extra,
});
const page = (resourceVersion: string, items: unknown[], continueToken = ''): ListPage => ({
  resourceVersion,
  items,
  continueToken,
});
const added = (name: string, version: string): WatchEvent => ({
  type: 'ADDED',
  object: object(name, version),
});
const modified = (name: string, version: string): WatchEvent => ({
  type: 'MODIFIED',
  object: object(name, version),
});
const deleted = (name: string, version: string): WatchEvent => ({
  type: 'DELETED',
  object: object(name, version),
});
const bookmark = (resourceVersion: string): WatchEvent => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion } },
});

/** A watch that the test feeds. */
class FakeWatch {
  readonly from: { resourceVersion: string; timeoutSeconds: number };
  #waiting: (() => void) | undefined;
  readonly #queue: (WatchEvent | Error | 'end')[] = [];

  constructor(from: FakeWatch['from']) {
    this.from = from;
  }

  push(...events: (WatchEvent | Error | 'end')[]): Promise<void> {
    this.#queue.push(...events);
    this.#waiting?.();
    return settle();
  }

  async *events(signal: AbortSignal): AsyncGenerator<WatchEvent> {
    signal.addEventListener('abort', () => {
      void this.push(new KubeError({ kind: 'aborted', message: 'given up' }));
    });
    for (;;) {
      const next = this.#queue.shift();
      if (next === 'end') return;
      if (next instanceof Error) throw next;
      if (next !== undefined) {
        yield next;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}

function setUp(lists: (ListPage | Error)[], options: Partial<ReflectorOptions<string>> = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const observed: string[] = [];
  const listed: { limit: number; continueToken: string }[] = [];
  const watches: FakeWatch[] = [];
  const source: Source = {
    list: async (request) => {
      listed.push(request);
      const next = lists.length > 1 ? lists.shift() : lists[0];
      if (next === undefined || next instanceof Error) throw next ?? new Error('no list');
      return next;
    },
    watch: (from, signal) => {
      const watch = new FakeWatch(from);
      watches.push(watch);
      return watch.events(signal);
    },
  };
  const reflector = new Reflector<string>({
    source,
    clock,
    random: () => 0,
    backoff: { baseMs: 1_000, maxMs: 8_000 },
    project: ({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`,
    handler: {
      onUpsert: (item, before) => told.push(before === undefined ? `+${item}` : `${before}>${item}`),
      onDelete: (item) => told.push(`-${item}`),
      onListed: () => told.push('listed'),
    },
    observer: {
      watchEnded: (how) => observed.push(how),
      error: (error, during) => observed.push(`${during}: ${error instanceof Error ? error.message : ''}`),
    },
    ...options,
  });
  reflector.start();
  return { reflector, clock, told, observed, listed, watches, lists, watch: () => watches.at(-1)! };
}

const expired = new KubeError({ kind: 'status', status: 410, reason: 'Expired', message: 'too old' });
const reset = new KubeError({ kind: 'network', message: 'reset' });

describe('list', () => {
  test('page by page, then a watch from where the list stood', async () => {
    const { reflector, listed, told, watch } = setUp([
      page('10', [object('a', '1'), object('b', '2')], 'next'),
      page('10', [object('c', '3')]),
    ]);
    await reflector.whenSynced();
    await settle();
    expect(listed).toEqual([
      { limit: 100, continueToken: '' },
      { limit: 100, continueToken: 'next' },
    ]);
    expect(told).toEqual(['+a@1', '+b@2', '+c@3', 'listed']);
    expect(watch().from).toEqual({ resourceVersion: '10', timeoutSeconds: 300 });
    expect([...reflector.items()]).toEqual(['a@1', 'b@2', 'c@3']);
    expect([reflector.size, reflector.get('b'), reflector.latestResourceVersion]).toEqual([3, 'b@2', '10']);
    await reflector.stop();
  });

  test('has not synced and has seen nothing before its last page', async () => {
    const { promise, resolve } = Promise.withResolvers<ListPage>();
    const source: Source = {
      list: async ({ continueToken }) =>
        continueToken === '' ? page('10', [object('a', '1')], 'next') : promise,
      watch: (from, signal) => new FakeWatch(from).events(signal),
    };
    const reflector = new Reflector<string>({ source, project: ({ metadata }) => metadata.name });
    reflector.start();
    await settle();
    expect([reflector.size, reflector.hasSynced, reflector.hasSeen('1')]).toEqual([1, false, false]);
    resolve(page('10', []));
    await settle();
    expect([reflector.hasSynced, reflector.hasSeen('10'), reflector.hasSeen('11')]).toEqual([
      true,
      true,
      false,
    ]);
    await reflector.stop();
  });

  test('is tried until it succeeds, with growing pauses', async () => {
    const { reflector, clock, listed, observed, lists } = setUp([reset]);
    await clock.turn(500 + 1_000 + 2_000 + 4_000 + 4_000);
    expect(listed).toHaveLength(6);
    expect(observed).toHaveLength(6);
    expect(observed[0]).toBe('list: reset');
    expect([reflector.hasSynced, reflector.progressAgeMs()]).toEqual([false, Infinity]);
    lists[0] = page('10', []);
    await clock.turn(4_000);
    expect([reflector.hasSynced, reflector.progressAgeMs()]).toEqual([true, 0]);
    await reflector.stop();
  });

  test('honours Retry-After', async () => {
    const busy = new KubeError({ kind: 'status', status: 429, message: 'slow down', retryAfterSeconds: 20 });
    const { reflector, clock, listed } = setUp([busy, page('10', [])]);
    await clock.turn(19_999);
    expect(listed).toHaveLength(1);
    await clock.turn(1);
    expect(reflector.hasSynced).toBe(true);
    await reflector.stop();
  });

  test('starts from the beginning when its continue token has expired', async () => {
    const { reflector, clock, listed, told } = setUp([
      page('10', [object('a', '1'), object('b', '2')], 'next'),
      expired,
      page('20', [object('a', '1'), object('c', '11')]),
    ]);
    await clock.turn(1_000);
    expect(listed.map(({ continueToken }) => continueToken)).toEqual(['', 'next', '']);
    expect(told).toEqual(['+a@1', '+b@2', '+c@11', '-b@2', 'listed']);
    await reflector.stop();
  });

  test('asks for fewer when a page is too large', async () => {
    const tooLarge = new KubeError({ kind: 'protocol', reason: 'ResponseTooLarge', message: 'too large' });
    const { reflector, listed } = setUp([
      page('10', [object('a', '1')], 'next'),
      tooLarge,
      tooLarge,
      page('10', [object('b', '1')]),
    ]);
    await reflector.whenSynced();
    expect(listed.map(({ limit }) => limit)).toEqual([100, 100, 25, 7]);
    expect(listed.map(({ continueToken }) => continueToken)).toEqual(['', 'next', 'next', 'next']);
    expect(reflector.size).toBe(2);
    await reflector.stop();
  });
});

describe('watch', () => {
  test('tells what is added, changed and deleted', async () => {
    const { reflector, told, watch } = setUp([page('10', [])]);
    await settle();
    await watch().push(added('a', '11'), modified('a', '12'), added('b', '13'), deleted('a', '14'));
    expect(told).toEqual(['listed', '+a@11', 'a@11>a@12', '+b@13', '-a@12']);
    expect([reflector.size, reflector.latestResourceVersion]).toEqual([1, '14']);
    await reflector.stop();
  });

  test('tells of a dropped one again when it changes, and not of one that is not held', async () => {
    const { reflector, told, watch } = setUp([page('10', [object('a', '1')])]);
    await reflector.whenSynced();
    await settle();
    reflector.drop('a');
    reflector.drop('a');
    expect(reflector.get('a')).toBeUndefined();
    await watch().push(modified('a', '11'));
    expect(told).toEqual(['+a@1', 'listed', '-a@1', '+a@11']);
    await reflector.stop();
  });

  test('goes on from the last bookmark after an end in good order, without a list', async () => {
    const { reflector, clock, watches, watch, listed, observed } = setUp([page('10', [])]);
    await clock.turn(300_000);
    await watch().push(added('a', '11'), bookmark('40'), 'end');
    expect(observed).toEqual(['timeout']);
    expect(watches.map(({ from }) => from.resourceVersion)).toEqual(['10', '40']);
    expect(listed).toHaveLength(1);
    await reflector.stop();
  });

  test('lists after that as well where it is told to, and finds what the watch has swallowed', async () => {
    const { reflector, clock, told, watch, listed, observed } = setUp(
      [page('10', []), page('40', [object('swallowed', '20')])],
      { listAfterWatch: true },
    );
    await clock.turn(300_000);
    await watch().push(bookmark('40'), 'end');
    await clock.turn(1_000);
    expect(observed).toEqual(['timeout']);
    expect(listed).toHaveLength(2);
    expect(told).toEqual(['listed', '+swallowed@20', 'listed']);
    await reflector.stop();
  });

  test.each([
    ['an early end', 'end' as const, 'early'],
    ['a reset', reset, 'error'],
    ['410 Gone', expired, 'expired'],
    ['silence', new KubeError({ kind: 'timeout', reason: 'WatchSilent', message: 'nothing came' }), 'silent'],
    [
      'a rotation of our credentials',
      new KubeError({ kind: 'network', reason: 'CredentialsRotated', message: 'rotated' }),
      'rotated',
    ],
    ['an exception that is none of ours', new Error('bug'), 'error'],
  ])('lists again after %s, and misses nothing', async (_, how, expected) => {
    const { reflector, clock, told, watch, listed, observed, watches } = setUp([
      page('10', [object('a', '1'), object('b', '2')]),
      page('30', [object('b', '25'), object('c', '26')]),
    ]);
    await settle();
    await watch().push(how);
    await clock.turn(1_000);
    expect(observed).toEqual(
      expected === 'error' ? [expected, expect.stringMatching('^watch: ')] : [expected],
    );
    expect(listed).toHaveLength(2);
    expect(told.slice(3)).toEqual(['b@2>b@25', '+c@26', '-a@1', 'listed']);
    expect(watches.map(({ from }) => from.resourceVersion)).toEqual(['10', '30']);
    await reflector.stop();
  });

  test('pauses longer and longer while watches break at once, and not after a healthy one', async () => {
    const { reflector, clock, watch, watches } = setUp([page('10', [])]);
    await settle();
    for (const pause of [500, 1_000, 2_000]) {
      const before = watches.length;
      await watch().push(reset);
      await clock.turn(pause - 1);
      expect(watches).toHaveLength(before);
      await clock.turn(1);
      expect(watches).toHaveLength(before + 1);
    }
    await clock.turn(5_000);
    await watch().push(reset);
    await clock.turn(500);
    expect(watches).toHaveLength(5);
    await reflector.stop();
  });

  test('tells how long ago the server last said something', async () => {
    const { reflector, clock, watch } = setUp([page('10', [])]);
    await clock.turn(70_000);
    expect(reflector.progressAgeMs()).toBe(70_000);
    await watch().push(bookmark('12'));
    expect(reflector.progressAgeMs()).toBe(0);
    expect(reflector.hasSeen('12')).toBe(true);
    expect(reflector.hasSeen('opaque')).toBe(false);
    await reflector.stop();
  });

  test('jitters its length', async () => {
    const { reflector, watch } = setUp([page('10', [])], { random: () => 0.999 });
    await settle();
    expect(watch().from.timeoutSeconds).toBe(600);
    await reflector.stop();
  });
});

describe('whether it does anything', () => {
  test('begins with the start, and every event counts', async () => {
    const { reflector, clock, watch } = setUp([page('10', [])]);
    await settle();
    await clock.turn(70_000);
    expect(reflector.idleMs()).toBe(70_000);
    await watch().push(bookmark('12'));
    expect(reflector.idleMs()).toBe(0);
    await reflector.stop();
  });

  test('a try counts, also one that fails; a pause is no idleness', async () => {
    const busy = new KubeError({ kind: 'status', status: 429, message: 'slow down', retryAfterSeconds: 600 });
    const { reflector, clock } = setUp([busy]);
    await clock.turn(59_999);
    expect([reflector.idleMs(), reflector.progressAgeMs()]).toEqual([0, Infinity]);
    await clock.turn(600_000);
    expect([reflector.idleMs(), reflector.progressAgeMs()]).toEqual([0, Infinity]);
    await reflector.stop();
  });

  test('a page that fails is a try, and the pause before the next one is no idleness', async () => {
    const busy = new KubeError({ kind: 'status', status: 429, message: 'slow down', retryAfterSeconds: 60 });
    const { reflector, clock, listed } = setUp([page('10', [], 'next'), busy], {
      backoff: { baseMs: 100_000, maxMs: 200_000 },
    });
    await clock.turn(59_999);
    expect([reflector.idleMs(), listed.length]).toEqual([0, 2]);
    await clock.turn(220_000);
    expect([reflector.idleMs(), listed.length]).toEqual([0, 5]);
    await reflector.stop();
  });

  test('a list that never answers is idleness', async () => {
    const { reflector, clock } = setUp([], {
      source: { list: () => new Promise(() => undefined), watch: () => ({}) as AsyncIterable<WatchEvent> },
    });
    await clock.turn(400_000);
    expect(reflector.idleMs()).toBe(400_000);
  });
});

describe('asked to list anew', () => {
  test('it does at once, and takes what it did not take before', async () => {
    let wanted = 'a';
    const { reflector, told, listed, observed, watches } = setUp(
      [page('10', [object('a', '1'), object('b', '2')])],
      { project: ({ metadata: { name } }) => (wanted.includes(name) ? name : undefined) },
    );
    await settle();
    expect(told).toEqual(['+a', 'listed']);
    wanted = 'ab';
    reflector.relist();
    await settle();
    expect(told).toEqual(['+a', 'listed', '+b', 'listed']);
    expect([listed.length, watches.length]).toEqual([2, 2]);
    expect(observed).toEqual(['asked']);
    await reflector.stop();
  });

  test('while it lists, that list comes to its end first, however often it is asked', async () => {
    const { reflector, told, listed, watches } = setUp(
      [
        page('10', [object('a', '1')], 'next'),
        page('10', [object('b', '2')]),
        page('11', [object('c', '3')]),
      ],
      {
        project: ({ metadata: { name } }) => {
          if (name !== 'c') reflector.relist();
          return name;
        },
      },
    );
    await settle();
    expect(told).toEqual(['+a', '+b', 'listed', '+c', '-a', '-b', 'listed']);
    expect([listed.length, watches.length]).toEqual([3, 1]);
    await reflector.stop();
  });

  test('in a pause it does not wait for its end', async () => {
    const { reflector, listed, lists } = setUp([reset]);
    await settle();
    lists[0] = page('10', []);
    reflector.relist();
    await settle();
    expect([listed.length, reflector.hasSynced]).toEqual([2, true]);
    await reflector.stop();
  });
});

test('projects from a list and from a watch, and says which', async () => {
  const { told, reflector, watch } = setUp([page('10', [object('a', '1')])], {
    project: ({ metadata }, from) => `${metadata.name} of a ${from}`,
  });
  await settle();
  await watch().push(added('b', '11'));
  expect(told).toEqual(['+a of a list', 'listed', '+b of a watch']);
  await reflector.stop();
});

test('a page in the middle that fails is told, and the list goes on from there', async () => {
  const { reflector, clock, listed, observed } = setUp([
    page('10', [object('a', '1')], 'next'),
    reset,
    page('10', [object('b', '1')]),
  ]);
  await clock.turn(1_000);
  expect(listed.map(({ continueToken }) => continueToken)).toEqual(['', 'next', 'next']);
  expect(observed).toEqual(['list: reset']);
  expect([...reflector.items()]).toEqual(['a@1', 'b@1']);
  await reflector.stop();
});

describe('what others do wrong', () => {
  test('a handler or projection that throws stops nothing', async () => {
    const told: string[] = [];
    const { reflector, watch, observed } = setUp([page('10', [object('a', '1'), object('b', '2')])], {
      project: ({ metadata }) => {
        if (metadata.name === 'bad') throw new Error('bad projection');
        return metadata.name;
      },
      handler: {
        onUpsert: (item) => {
          told.push(item);
          throw new Error(`bad handler for ${item}`);
        },
        onDelete: () => {
          throw new Error('bad deletion');
        },
      },
    });
    await settle();
    await watch().push(added('bad', '11'), added('c', '12'), deleted('a', '13'));
    expect(told).toEqual(['a', 'b', 'c']);
    expect(observed).toEqual([
      'handler: bad handler for a',
      'handler: bad handler for b',
      'project: bad projection',
      'handler: bad handler for c',
      'handler: bad deletion',
    ]);
    expect([...reflector.items()]).toEqual(['b', 'c']);
    await reflector.stop();
  });

  test('an observer that throws stops nothing', async () => {
    const { reflector, clock } = setUp([reset, page('10', [])], {
      observer: {
        error: () => {
          throw new Error('bad observer');
        },
      },
    });
    await clock.turn(1_000);
    expect(reflector.hasSynced).toBe(true);
    await reflector.stop();
  });

  test('items that are no objects are passed over', async () => {
    const { reflector, watch } = setUp([page('10', [null, 5, {}, { metadata: {} }, object('a', '1')])]);
    await settle();
    await watch().push({ type: 'ADDED', object: 'x' }, added('b', '11'));
    expect([...reflector.items()]).toEqual(['a@1', 'b@11']);
    await reflector.stop();
  });

  test('a bookmark without a version leads to a new list', async () => {
    const { reflector, clock, watch, listed } = setUp([page('10', [])]);
    await settle();
    await watch().push({ type: 'BOOKMARK', object: {} });
    await clock.turn(1_000);
    expect(listed).toHaveLength(2);
    await reflector.stop();
  });
});

test('what is of no interest any more counts as deleted and is not kept', async () => {
  const { reflector, told, watch } = setUp([page('10', [object('a', '1')])], {
    project: ({ metadata }) => (metadata.resourceVersion === '11' ? undefined : metadata.name),
  });
  await settle();
  await watch().push(modified('a', '11'), deleted('a', '12'));
  expect(told).toEqual(['+a', 'listed', '-a']);
  expect(reflector.size).toBe(0);
  await reflector.stop();
});

const inNamespace = (namespace: string) => ({
  metadata: { namespace, name: 'a', uid: namespace, resourceVersion: '1' },
});

test('the same name in two namespaces is two objects', async () => {
  const { reflector } = setUp([page('10', [inNamespace('x'), inNamespace('y')])]);
  await settle();
  expect(reflector.size).toBe(2);
  expect(reflector.get('x/a')).toBe('a@1');
  await reflector.stop();
});

test.each([
  ['in a watch', [page('10', [])], 0],
  ['in a pause', [reset], 0],
])('stop ends it %s, and nothing follows', async (_, lists, pause) => {
  const { reflector, clock, listed, watches, observed } = setUp(lists);
  await clock.turn(pause);
  const before = [listed.length, watches.length, observed.length];
  await reflector.stop();
  await clock.turn(1_000_000);
  expect([listed.length, watches.length, observed.length]).toEqual(before);
  expect(clock.timers).toBe(0);
});
