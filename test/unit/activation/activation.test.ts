import { beforeEach, describe, expect, test } from 'vitest';
import type { Loaded } from '../../../src/activation/activation.ts';
import { Activation } from '../../../src/activation/activation.ts';
import { policiesThat } from '../decide/stubs.ts';

/** What is loaded now, by name: a test says how it ends. */
let loading: Map<string, { good: () => Loaded; bad: (cause: unknown) => void }>;
let order: string[];
let activation: Activation<string>;

beforeEach(() => {
  loading = new Map();
  order = [];
  activation = new Activation<string>({
    load: (name) =>
      new Promise((resolve, reject) => {
        order.push(`load ${name}`);
        loading.set(name, {
          good: () => {
            const loaded = {
              policies: policiesThat(),
              revision: name,
              close: async () => void order.push(`close ${name}`),
            };
            resolve(loaded);
            return loaded;
          },
          bad: reject,
        });
      }),
  });
  activation.listen({
    activated: ({ revision }) => order.push(`activated ${revision}`),
    refused: (cause, inForce) => order.push(`refused ${String(cause)} ${String(inForce)}`),
  });
});

const end = (name: string) => {
  const one = loading.get(name);
  if (one === undefined) throw new Error(`${name} is not being loaded`);
  return one;
};
const closings = () => order.filter((line) => line.startsWith('close'));
const activate = async (name: string) => {
  const offered = activation.offer(name);
  end(name).good();
  expect(await offered).toEqual({ kind: 'activated' });
};

describe('an offer', () => {
  test('is in force once it is proven, and not before', async () => {
    const offered = activation.offer('a');
    expect(activation.policies).toBeUndefined();
    const { policies } = end('a').good();
    expect(await offered).toEqual({ kind: 'activated' });
    expect(activation.policies).toBe(policies);
    expect(activation.revision).toBe('a');
  });

  test('that is bad leaves what is in force, and says so', async () => {
    await activate('a');
    const before = activation.policies;
    const offered = activation.offer('b');
    end('b').bad('spoilt');
    expect(await offered).toEqual({ kind: 'refused', cause: 'spoilt' });
    expect(activation.policies).toBe(before);
    expect(order).toEqual(['load a', 'activated a', 'load b', 'refused spoilt true']);
    await activate('c');
    expect(activation.revision).toBe('c');
  });

  test('waits for the one before it; of several that wait the newest is tried', async () => {
    const offers = ['a', 'b', 'c', 'd'].map((name) => activation.offer(name));
    expect(order).toEqual(['load a']);
    end('a').good();
    expect(await Promise.all(offers.slice(0, 3))).toEqual([
      { kind: 'activated' },
      { kind: 'superseded' },
      { kind: 'superseded' },
    ]);
    end('d').good();
    expect(await offers[3]).toEqual({ kind: 'activated' });
    expect(order).toEqual(['load a', 'activated a', 'load d', 'activated d', 'close a']);
  });

  test('tells whoever begins to listen later of what is in force', async () => {
    await activate('a');
    const heard: string[] = [];
    activation.listen({ activated: ({ revision }) => heard.push(revision), refused: () => undefined });
    expect(heard).toEqual(['a']);
    await activation.whenActive();
  });
});

describe('what is made by policies', () => {
  test('stands while they are in force', async () => {
    await activate('a');
    const made = await activation.use(async () => 1);
    expect([made.value, made.stands()]).toEqual([1, true]);
    await activate('b');
    expect(made.stands()).toBe(false);
    await activate('a');
    // The same bundle again is another activation: its overlays and keys may be others.
    expect(made.stands()).toBe(false);
  });

  test('keeps them open, until the last of it is done', async () => {
    await activate('a');
    const ends: (() => void)[] = [];
    const made = [1, 2].map(() =>
      activation.use(({ floor }) => new Promise<object>((resolve) => ends.push(() => resolve(floor)))),
    );
    const old = activation.policies?.floor;
    await activate('b');
    expect(order).not.toContain('close a');
    ends[0]?.();
    expect(await made[0]).toMatchObject({ value: old });
    expect(order).not.toContain('close a');
    ends[1]?.();
    expect((await made[1])?.stands()).toBe(false);
    expect(order.filter((line) => line === 'close a')).toHaveLength(1);
  });

  test('is cut short when others have been replaced since: it would only be made again', async () => {
    const ends: (() => void)[] = [];
    const made: Promise<{ stands: () => boolean }>[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await activate(name);
      made.push(activation.use(() => new Promise<void>((resolve) => ends.push(resolve))));
    }
    expect(closings()).toEqual(['close a', 'close b']);
    for (const resolve of ends) resolve();
    const stand = (await Promise.all(made)).map(({ stands }) => stands());
    expect(stand).toEqual([false, false, false, true]);
    expect(closings()).toEqual(['close a', 'close b', 'close c']);
  });

  test('that fails gives them back too', async () => {
    await activate('a');
    await expect(activation.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await activate('b');
    expect(order.at(-1)).toBe('close a');
  });

  test('is nothing while there are none', async () => {
    await expect(activation.use(async () => 1)).rejects.toThrow(TypeError);
  });
});

describe('the end', () => {
  test('closes what is in force', async () => {
    await activate('a');
    await activation.close();
    expect(order.at(-1)).toBe('close a');
    expect(activation.policies).toBeUndefined();
  });

  test('cuts short what is being loaded, and says nothing against it', async () => {
    const stopped = new Activation<string>({
      load: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('cut short')));
        }),
    });
    const refused: unknown[] = [];
    stopped.listen({ activated: () => undefined, refused: (cause) => refused.push(cause) });
    const offers = [stopped.offer('a'), stopped.offer('b')];
    await stopped.close();
    expect(await Promise.all(offers)).toEqual([{ kind: 'superseded' }, { kind: 'superseded' }]);
    expect(await stopped.offer('c')).toEqual({ kind: 'superseded' });
    expect(refused).toEqual([]);
  });

  test('closes what is ready a moment too late', async () => {
    const offered = activation.offer('a');
    const closed = activation.close();
    end('a').good();
    await closed;
    expect(await offered).toEqual({ kind: 'superseded' });
    expect(order).toEqual(['load a', 'close a']);
  });
});
