/**
 * What the facts that are kept in memory cost in a cluster of 15,000 Nodes: `node --expose-gc test/bench/facts.bench.ts`.
 * Figures to read, not a test.
 */
import { Requestors } from '../../src/controller/requestors.ts';
import { requestSchema, type RequestInput } from '../../src/decide/input.ts';
import { probeDocument } from '../../src/decide/probe.ts';
import { type CertificateRequest, readRequest } from '../../src/decide/request.ts';
import { ClaimsIndex, nodeClaims } from '../../src/facts/claims.ts';
import { Lookups } from '../../src/facts/lookups.ts';
import { asNode } from '../../src/kube/objects.ts';
import { csrObject } from '../support/csr-object.ts';
import { cost, print } from './measure.ts';

const NODES = 15_000;
const numbers = Array.from({ length: NODES }, (_, index) => index);
const cap = { maxNodeAddresses: 64, exemptNodes: new Set<string>() };

const ip = (number: number, octet = 10) =>
  `${String(octet)}.0.${String(number >> 8)}.${String(number & 255)}`;
const name = (number: number) => `worker-${String(number)}.cluster.example.com`;

/** Megabytes of the heap that remain in use by what is made. */
function kept<T>(make: () => T): { made: T; megabytes: number; ms: number } {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('run with --expose-gc');
  collect();
  const before = process.memoryUsage().heapUsed;
  const start = performance.now();
  const made = make();
  const ms = performance.now() - start;
  collect();
  return { made, ms, megabytes: (process.memoryUsage().heapUsed - before) / 1024 / 1024 };
}

const node = (number: number, more = 0) =>
  asNode({
    metadata: { name: name(number), uid: `uid-${String(number)}`, resourceVersion: '1' },
    status: {
      addresses: [
        { type: 'InternalIP', address: ip(number) },
        { type: 'InternalIP', address: `fd00::${number.toString(16)}` },
        { type: 'Hostname', address: name(number) },
        ...Array.from({ length: more }, (_, i) => ({ type: 'ExternalIP', address: ip(number, 20 + i) })),
      ],
    },
  });

function claims(what: string, more: number): void {
  const { made, ms, megabytes } = kept(() => {
    const index = new ClaimsIndex();
    for (const number of numbers) index.upsert(nodeClaims(node(number, more), cap));
    return index;
  });
  const sans = { dns: [name(7)], ip: [ip(7), 'fd00::7'] };
  const change = nodeClaims(node(7, more), cap);
  print(
    what,
    megabytes,
    ms,
    cost(() => made.claimsOf(sans)),
    cost(() => made.upsert(change)),
  );
}

const template = readRequest(csrObject());
if ('problem' in template) throw new Error(template.problem);
const base: CertificateRequest = { ...template, request: '' };
const request = (number: number, at: number): CertificateRequest => ({
  ...base,
  name: `csr-${String(number)}-${String(at)}`,
  uid: `uid-${String(number)}-${String(at)}`,
  username: `system:node:${name(number)}`,
  createdAt: new Date(at * 1000),
});
const input: RequestInput = {
  ...requestSchema.strip().parse(probeDocument),
  requestor: { ...probeDocument.requestor, username: `system:node:${name(7)}` },
};

function pending(what: string, each: number): void {
  // The objects of pending requests are there anyway: only what is known of their requestors counts.
  const requests = numbers.flatMap((number) => Array.from({ length: each }, (_, at) => request(number, at)));
  const finished = request(7, 1);
  const { made, ms, megabytes } = kept(() => {
    const requestors = new Requestors();
    for (const number of numbers) requestors.saw(request(number, 1));
    for (const one of requests) requestors.add(one);
    return requestors;
  });
  print(
    what,
    megabytes,
    ms,
    cost(() => made.pending(input)),
    cost(() => made.saw(finished)),
  );
  if (requests.length !== each * NODES) throw new Error('some are gone');
}

/** A list of all Machines, filtered for each of so many decisions that ask at once. */
async function lookups(decisions: number): Promise<void> {
  const machines = numbers.map((number) => ({
    metadata: { name: `m-${String(number)}`, namespace: 'default', uid: 'u', resourceVersion: '1' },
    status: { nodeRef: { name: name(number) }, addresses: [{ type: 'InternalIP', address: ip(number) }] },
  }));
  let lists = 0;
  const found = new Lookups({
    get: async () => undefined,
    async *pages() {
      lists += 1;
      for (let at = 0; at < NODES; at += 500) yield await Promise.resolve(machines.slice(at, at + 500));
    },
  });
  const query = {
    group: 'cluster.x-k8s.io',
    version: 'v1beta1',
    resource: 'machines',
    namespace: '',
    name: '',
    labels: {},
    match: { 'status.nodeRef.name': '{node_name}' },
  };
  const start = performance.now();
  const asked = Array.from({ length: decisions }, (_, number) =>
    found.find(query, {
      ...input,
      requestor: { ...input.requestor, username: `system:node:${name(number)}` },
    }),
  );
  const facts = await Promise.all(asked);
  if (!facts.every((fact) => fact.objects.length === 1)) throw new Error('not found');
  print(`${String(decisions)} at once`, performance.now() - start, String(lists));
}

print(`claims of ${String(NODES)} Nodes`, 'MiB', 'ms to build', 'ms a fact', 'ms a change');
claims('3 addresses each', 0);
claims('64 addresses each', 61);
console.log();
print(`pending of ${String(NODES)} requestors`, 'MiB', 'ms to build', 'ms a fact', 'ms a request');
pending('all finished', 0);
pending('one pending each', 1);
pending('100 pending each', 100);
console.log();
print(`lookup by content in ${String(NODES)}`, 'ms', 'lists');
await lookups(1);
await lookups(16);
await lookups(100);
