import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { LookupQuery } from '../../../src/decide/facts.ts';
import { requestSchema } from '../../../src/decide/input.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import { Lookups, type ObjectSource } from '../../../src/facts/lookups.ts';
import type { ResourceRef } from '../../../src/kube/resources.ts';

/** Faults of a source in memory; test/integration/facts.test.ts asks a real API server. */

const request = requestSchema.strip().parse(probeDocument);
const machines: LookupQuery = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta1',
  resource: 'machines',
  namespace: '',
  name: '',
  labels: {},
  match: {},
};
const machine = (name: string, more: object = {}, metadata: object = {}) => ({
  metadata: { name, uid: `uid-${name}`, resourceVersion: '1', ...metadata },
  ...more,
});
const of = (node: string) => ({ status: { nodeRef: { name: node } } });
const nothing = { found: false, objects: [], more: false };

const told = ({ group, version, resource, namespace }: ResourceRef) =>
  [group, version, namespace, resource].join('/');

/** Gives these pages to every list, and this object to every GET; remembers what it was asked. */
function source(pages: unknown[][], object?: ReturnType<typeof machine>) {
  const asked: string[] = [];
  const given: ObjectSource & { asked: string[] } = {
    asked,
    get: async (ref, name) => {
      asked.push(`GET ${told(ref)} ${name}`);
      return object;
    },
    async *pages(ref, selector) {
      asked.push(`LIST ${told(ref)} ${selector}`);
      for (const page of pages) {
        await sleep(1);
        yield page;
      }
    },
  };
  return given;
}
const find = (given: ObjectSource, changed: Partial<LookupQuery> = {}, asking = request) =>
  new Lookups(given, 1000).find({ ...machines, ...changed }, asking);

describe('by name', () => {
  test('is one GET', async () => {
    const given = source([], machine('m', of('self-test'), { managedFields: [{ manager: 'x' }] }));
    expect(await find(given, { namespace: 'capi', name: 'm-{node_name}' })).toEqual({
      found: true,
      objects: [machine('m', of('self-test'))],
      more: false,
    });
    expect(given.asked).toEqual(['GET cluster.x-k8s.io/v1beta1/capi/machines m-self-test']);
  });

  test('that is not there is an answer', async () => {
    expect(await find(source([]), { name: 'm' })).toEqual(nothing);
  });
});

describe('by label', () => {
  test('is a list that the API server selects', async () => {
    const given = source([[machine('m')]]);
    const fact = await find(given, { labels: { 'example.com/node': '{node_name}', zone: '' } });
    expect(fact.objects).toHaveLength(1);
    expect(given.asked).toEqual(['LIST cluster.x-k8s.io/v1beta1//machines example.com/node=self-test,zone=']);
  });
});

describe('by content', () => {
  const match = { 'status.nodeRef.name': '{node_name}' };
  test('is a list of all, of which the program selects', async () => {
    const pages = [
      [machine('a', of('other')), machine('b')],
      [machine('c', of('self-test')), machine('d', of('other'))],
    ];
    const fact = await find(source(pages), { match });
    expect(fact).toEqual({ found: true, objects: [machine('c', of('self-test'))], more: false });
  });

  test.each([
    ['a number', { status: { nodeRef: { name: 1 } } }],
    ['a list', { status: { nodeRef: { name: ['self-test'] } } }],
    ['a list above', { status: [{ nodeRef: { name: 'self-test' } }] }],
    ['nothing', { status: {} }],
    ['null', { status: null }],
    ['a text above', { status: 'nodeRef' }],
    ['another case', of('Self-Test')],
    ['a space', of('self-test ')],
  ])('%s is no match', async (_, content) => {
    expect(await find(source([[machine('m', content)]]), { match })).toEqual(nothing);
  });

  test('what every JavaScript object has is no match', async () => {
    const asking = { ...request, name: 'Object' };
    const fact = await find(source([[machine('m')]]), { match: { 'constructor.name': '{name}' } }, asking);
    expect(fact).toEqual(nothing);
  });

  test('all of several texts must match', async () => {
    const both = { ...match, 'spec.zone': 'a' };
    const pages = [[machine('m', { ...of('self-test'), spec: { zone: 'b' } })]];
    expect(await find(source(pages), { match: both })).toEqual(nothing);
  });
});

describe('what no object can be called or labelled is not asked for', () => {
  const without = { ...request, requestor: { ...request.requestor, username: 'alice' } };
  const noNode = { ...without, subject: { ...request.subject, common_name: 'alice' } };
  const named = (name: string) => ({ ...request, name });
  test.each<[string, Partial<LookupQuery>, typeof request]>([
    ['no node', { name: '{node_name}' }, noNode],
    ['no node in a label', { labels: { node: '{node_name}' } }, noNode],
    ['no node in a content', { match: { a: '{node_name}' } }, noNode],
    ['an empty uid', { name: '{requestor.uid}' }, request],
    ['an empty uid in a label', { labels: { uid: '{requestor.uid}' } }, request],
    ['an empty uid in a content', { match: { uid: '{requestor.uid}' } }, request],
    ['a path', { name: '{name}' }, named('../secrets/x')],
    ['a path, escaped', { name: '{name}' }, named('..%2fx')],
    ['a query', { name: '{name}' }, named('x y')],
    ['a name of 254', { name: '{name}' }, named('a'.repeat(254))],
    ['a namespace that is none', { namespace: '{name}', name: 'x' }, named('kube-system/pods')],
    ['a namespace of 64', { namespace: '{name}', name: 'x' }, named('a'.repeat(64))],
    ['a selector inside of a label', { labels: { a: '{name}' } }, named('x,b!=c')],
    ['a label of 64', { labels: { a: '{name}' } }, named('a'.repeat(64))],
  ])('%s', async (_, query, asking) => {
    const given = source([[machine('m')]], machine('m'));
    expect(await find(given, query, asking)).toEqual(nothing);
    expect(given.asked).toEqual([]);
  });
});

const count = (length: number) => Array.from({ length }, (_, i) => machine(`m${String(i).padStart(3, '0')}`));

describe('many', () => {
  test.each([
    [15, 15, false],
    [16, 16, false],
    [17, 16, true],
    [500, 16, true],
  ])('%d: %d are shown, more is %s', async (given, shown, more) => {
    const fact = await find(source([count(given)]));
    expect([fact.objects.length, fact.more]).toEqual([shown, more]);
  });

  test('are shown by namespace and name, the first ones', async () => {
    const page = [machine('b', {}, { namespace: 'y' }), machine('c', {}, { namespace: 'x' }), machine('a')];
    const { objects } = await find(source([page]));
    expect(objects.map(({ metadata }) => (metadata as { name: string }).name)).toEqual(['a', 'c', 'b']);
  });

  test('are no longer asked for when there are enough', async () => {
    let pages = 0;
    const endless: ObjectSource = {
      get: async () => undefined,
      async *pages() {
        for (;;) {
          pages += 1;
          await sleep(1);
          yield count(10);
        }
      },
    };
    expect((await find(endless)).more).toBe(true);
    expect(pages).toBe(2);
  });
});

describe('a failure, not an answer:', () => {
  const large = { data: 'x'.repeat(256 * 1024) };
  const broken: ObjectSource = {
    get: async () => {
      throw new Error('down');
    },
    async *pages() {
      yield [machine('a')];
      await sleep(1);
      throw new Error('down');
    },
  };
  const hanging: ObjectSource = {
    get: () => new Promise(() => undefined),
    async *pages() {
      yield [machine('a')];
      await new Promise(() => undefined);
    },
  };
  test.each<[string, ObjectSource, Partial<LookupQuery>, RegExp]>([
    ['an object that is too large', source([], machine('m', large)), { name: 'm' }, /more than 262144 bytes/],
    ['a list that is too large', source([[machine('a'), machine('m', large)]]), {}, /more than 262144 bytes/],
    ['an item that is none', source([[{ metadata: {} }]]), {}, /not a Kubernetes object/],
    ['a GET that fails', broken, { name: 'm' }, /down/],
    ['a list that fails after a page', broken, {}, /down/],
    ['a list that does not come to its end', hanging, {}, /not come to its end in 50 ms/],
  ])('%s', async (_, given, query, message) => {
    const asked = new Lookups(given, 50).find({ ...machines, ...query }, request);
    await expect(asked).rejects.toThrow(message);
  });

  test('of one who reads along, and of no other', async () => {
    const lookups = new Lookups(source([[machine('a', of('n1')), machine('b', { ...of('n2'), ...large })]]));
    const ask = (node: string) =>
      lookups.find({ ...machines, match: { 'status.nodeRef.name': node } }, request);
    const [first, second] = await Promise.allSettled([ask('n1'), ask('n2')]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
  });
});

const asking = (node: string) => ({
  ...request,
  requestor: { ...request.requestor, username: `system:node:${node}` },
});

describe('at once', () => {
  const match = { 'status.nodeRef.name': '{node_name}' };
  const nodes = Array.from({ length: 100 }, (_, index) => `n${String(index)}`);

  test('a hundred decisions cost two lists, and each finds its own', async () => {
    const given = source([nodes.map((node) => machine(`m-${node}`, of(node)))]);
    const lookups = new Lookups(given);
    const facts = await Promise.all(nodes.map((node) => lookups.find({ ...machines, match }, asking(node))));
    expect(facts.map(({ objects }) => objects[0]?.['metadata'])).toEqual(
      nodes.map((node) => machine(`m-${node}`).metadata),
    );
    expect(given.asked).toHaveLength(2);
  });

  test('another label is another list', async () => {
    const given = source([[]]);
    const lookups = new Lookups(given);
    const ask = (label: string) => lookups.find({ ...machines, labels: { a: label } }, request);
    await Promise.all(['x', 'y'].map(ask));
    expect(given.asked).toHaveLength(2);
  });

  test('nobody reads a list that was begun before he asked', async () => {
    const current: unknown[] = [];
    let begun = 0;
    const gate = Promise.withResolvers<void>();
    const given: ObjectSource = {
      get: async () => undefined,
      async *pages() {
        begun += 1;
        // What a list shows is what was there when it began.
        const then = [...current];
        if (begun === 1) await gate.promise;
        yield then;
      },
    };
    const lookups = new Lookups(given);
    const first = lookups.find(machines, request);
    current.push(machine('new'));
    const second = lookups.find(machines, request);
    const third = lookups.find(machines, request);
    gate.resolve();
    expect((await first).found).toBe(false);
    expect([(await second).found, (await third).found, begun]).toEqual([true, true, 2]);
    expect((await lookups.find(machines, request)).found).toBe(true);
    expect(begun).toBe(3);
  });

  test('who waits for a list that fails gets the next one', async () => {
    let begun = 0;
    const given: ObjectSource = {
      get: async () => undefined,
      async *pages() {
        begun += 1;
        await sleep(1);
        if (begun === 1) throw new Error('down');
        yield [machine('m')];
      },
    };
    const lookups = new Lookups(given);
    const [first, second] = await Promise.allSettled([
      lookups.find(machines, request),
      lookups.find(machines, request),
    ]);
    expect(first.status).toBe('rejected');
    expect(second).toMatchObject({ status: 'fulfilled', value: { found: true } });
  });
});
