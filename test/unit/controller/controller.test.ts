import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Controller } from '../../../src/controller/controller.ts';
import { alone } from '../../../src/controller/gate.ts';
import type { Judged } from '../../../src/controller/reconcile.ts';
import { requestSchema } from '../../../src/decide/input.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import { VerdictEvents } from '../../../src/observe/events.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { Metrics } from '../../../src/observe/metrics.ts';
import { csrObject } from '../../support/csr-object.ts';
import { eventually } from '../../support/eventually.ts';
import { json, TestServer } from '../kube/http-server.ts';

/** A server that lists no requests, and never says anything on a watch. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** What the controller is made of here, but for what it decides by. */
const parts = (events: VerdictEvents) => ({
  client: server.client(),
  concurrency: 1,
  enforcement: 'enforce' as const,
  onDeny: 'leavePending' as const,
  metrics: new Metrics('test', () => new Set()),
  events,
  log: createLogger('error', { write: () => undefined }),
  now: () => new Date(),
  gate: alone,
});
const unheard = () =>
  new VerdictEvents(
    { createEvent: () => Promise.resolve(), failed: () => undefined },
    'test',
    () => new Date(),
  );

test('what is said of a request that went away while it was decided is forgotten too', async () => {
  const signer = 'kubernetes.io/kubelet-serving';
  const object = csrObject();
  const watching = Promise.withResolvers<ServerResponse>();
  server.handle = ({ url }, response) => {
    if (url?.includes('watch=true') !== true) {
      return json(response, 200, { metadata: { resourceVersion: '1' }, items: [object] });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    watching.resolve(response);
  };
  const events = unheard();
  const forget = vi.spyOn(events, 'forget');
  const report = vi.spyOn(events, 'report');
  const decided = Promise.withResolvers<Judged>();
  const controller = new Controller({
    ...parts(events),
    signers: [signer],
    decide: () => decided.promise,
  });
  controller.start();
  controller.lead();
  const response = await watching.promise;
  response.write(`${JSON.stringify({ type: 'DELETED', object })}\n`);
  await eventually(() => (forget.mock.calls.length === 1 ? true : undefined));
  const verdict = { kind: 'wait', reasons: [], warnings: [], retryAfterSeconds: 1 } as const;
  decided.resolve({ verdict, input: undefined, stands: () => true, approvedBy: '', revision: '' });
  await eventually(() => (forget.mock.calls.length === 2 ? true : undefined));
  const [said = 0] = report.mock.invocationCallOrder;
  expect(forget.mock.invocationCallOrder[1]).toBeGreaterThan(said);
  expect(said).toBeGreaterThan(0);
  await controller.stop(100);
});

test('pending requests are counted only while somebody watches', async () => {
  const signers = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];
  const [first = '', second = ''] = signers;
  server.handle = ({ url }, response) => {
    if (url?.includes('watch=true') === true) return;
    if (url?.includes(encodeURIComponent(second)) === true) return json(response, 500, {});
    json(response, 200, { metadata: { resourceVersion: '1' }, items: [] });
  };
  const controller = new Controller({
    ...parts(unheard()),
    signers,
    decide: () => Promise.reject(new Error('there is nothing to decide')),
  });
  const request = requestSchema.strip().parse(probeDocument);
  const why = () => {
    try {
      return controller.pending(request);
    } catch (error) {
      return error instanceof Error ? error.message : 'no error';
    }
  };
  const unready = () => controller.ready.find(({ name }) => name === 'requests')?.problem();
  expect(why()).toBe(`no watch of requests for ${first}, ${second}`);
  // Nothing is missing yet but a reason to begin.
  expect(unready()).toMatch(/^not begun, waits for a policy/);
  controller.start();
  controller.lead();
  expect(unready()).toBe(`no watch of requests for ${first}, ${second}`);
  await eventually(() => (why() === `no watch of requests for ${second}` ? true : undefined));
  await controller.stop(100);
});

const signer = 'kubernetes.io/kubelet-serving';

/** One pending request, and a watch that stays silent. */
function onePending(): void {
  server.seen.length = 0;
  server.handle = ({ url, method }, response) => {
    if (method === 'PUT') return json(response, 200, csrObject());
    if (url?.includes('watch=true') !== true) {
      return json(response, 200, { metadata: { resourceVersion: '1' }, items: [csrObject()] });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  };
}
const verdictOf = (kind: 'approve' | 'abstain'): Judged => ({
  verdict: { kind, reasons: [], warnings: [] },
  input: undefined,
  stands: () => true,
  approvedBy: '',
  revision: '',
});
const puts = () => server.seen.filter(({ method }) => method === 'PUT').length;

test('until it leads it watches and decides nothing; then at once what is pending, and no more when it rests', async () => {
  onePending();
  let decided = 0;
  const controller = new Controller({
    ...parts(unheard()),
    signers: [signer],
    decide: () => {
      decided += 1;
      return Promise.resolve(verdictOf('abstain'));
    },
  });
  controller.start();
  await eventually(() => (controller.ready[0]?.problem() === undefined ? true : undefined));
  controller.redecideAll();
  expect(decided).toBe(0);
  controller.lead();
  await eventually(() => (decided === 1 ? true : undefined));
  controller.rest();
  controller.redecideAll();
  controller.lead();
  await eventually(() => (decided === 2 ? true : undefined));
  await controller.stop(100);
  controller.lead();
  controller.redecideAll();
  expect(decided).toBe(2);
});

test('what was decided before it lost the lead is not written when it leads again, but decided anew', async () => {
  onePending();
  let term = 1;
  const first = Promise.withResolvers<Judged>();
  const decisions = [first.promise];
  let decided = 0;
  const controller = new Controller({
    ...parts(unheard()),
    enforcement: 'enforce',
    signers: [signer],
    gate: { ...alone, term: () => term },
    decide: () => {
      decided += 1;
      return decisions.shift() ?? Promise.resolve(verdictOf('abstain'));
    },
  });
  controller.start();
  controller.lead();
  await eventually(() => (decided === 1 ? true : undefined));
  controller.rest();
  term += 1;
  controller.lead();
  first.resolve(verdictOf('approve'));
  await eventually(() => (decided === 2 ? true : undefined));
  expect(puts()).toBe(0);
  await controller.stop(100);
});
