import { afterAll, beforeAll, expect, test } from 'vitest';
import { Controller } from '../../../src/controller/controller.ts';
import { requestSchema } from '../../../src/decide/input.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import { VerdictEvents } from '../../../src/observe/events.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { Metrics } from '../../../src/observe/metrics.ts';
import { eventually } from '../../support/eventually.ts';
import { json, TestServer } from '../kube/http-server.ts';

/** A server that lists no requests, and never says anything on a watch. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

test('pending requests are counted only while somebody watches', async () => {
  const signers = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];
  const [first = '', second = ''] = signers;
  server.handle = ({ url }, response) => {
    if (url?.includes('watch=true') === true) return;
    if (url?.includes(encodeURIComponent(second)) === true) return json(response, 500, {});
    json(response, 200, { metadata: { resourceVersion: '1' }, items: [] });
  };
  const controller = new Controller({
    client: server.client(),
    signers,
    concurrency: 1,
    enforcement: 'enforce',
    onDeny: 'leavePending',
    decide: () => Promise.reject(new Error('there is nothing to decide')),
    metrics: new Metrics('test', () => new Set()),
    events: new VerdictEvents(
      { createEvent: () => Promise.resolve(), failed: () => undefined },
      'test',
      () => new Date(),
    ),
    log: createLogger('error', { write: () => undefined }),
    now: () => new Date(),
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
  expect(unready()).toBe(`no watch of requests for ${first}, ${second}`);
  await eventually(() => (why() === `no watch of requests for ${second}` ? true : undefined));
  await controller.stop(100);
});
