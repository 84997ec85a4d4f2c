import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { OtlpCollector, type ReceivedSpan } from '../support/otlp-collector.ts';
import { runToEnd } from './program.ts';
import { Scene } from './scene.ts';

/** Traces of the shipped program on a real control plane, as the OpenTelemetry Collector's own receiver has them. */

let scene: Scene;
let collector: OtlpCollector;
let folder: string;
let running: Approver[] = [];
/** Called after each test. */
const after: (() => unknown)[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tracing-'));
  collector = await OtlpCollector.start();
  const file = join(folder, 'tracing.yaml');
  // The API server traces what it is asked in a trace, and nothing else.
  writeFileSync(
    file,
    `apiVersion: apiserver.config.k8s.io/v1
kind: TracingConfiguration
endpoint: 127.0.0.1:${String(collector.grpcPort)}
samplingRatePerMillion: 0
`,
  );
  scene = await Scene.open({ flags: { apiserver: [`--tracing-config-file=${file}`] } });
}, 400_000);
afterAll(async () => {
  await scene?.close();
  await collector?.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(running.map((program) => program.stop('SIGKILL')));
  running = [];
  for (const end of after.splice(0)) await end(); // oxlint-disable-line no-await-in-loop
  await scene.cluster.kubectl(['delete', 'csr', '--all']);
});

async function start(tracing: string, more = ''): Promise<Approver> {
  const program = await scene.keep(
    Approver.start({
      kubeconfig: scene.cluster.adminKubeconfig,
      config: `${tracing === '' ? '' : `tracing: {${tracing}}`}\n${more}`,
    }),
  );
  running.push(program);
  return program;
}

const ours = ({ resource }: ReceivedSpan) => resource['service.name'] === 'rego-csr-approver';

/** The trace of a request that is through: all of its spans have come when its root has. */
const traceOf = (name: string, program: Approver) =>
  eventually(
    () => {
      const root = collector.spans.find((span) => ours(span) && span.attributes['csr.name'] === name);
      if (root === undefined) throw new NotYet(`${String(collector.spans.length)} spans`);
      return { root, spans: collector.spans.filter((span) => ours(span) && span.traceId === root.traceId) };
    },
    { explain: () => program.log },
  );

const figure = async (program: Approver, result: string): Promise<number> => {
  const { body } = await program.get('/metrics');
  const line = body
    .split('\n')
    .find((one) => one.startsWith(`csr_approver_trace_spans_total{result="${result}"}`));
  return Number(line?.split(' ').at(-1));
};

/** A receiver that answers as it is told to. */
async function receiver(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  after.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return `endpoint: "http://127.0.0.1:${String(address.port)}/v1/traces"`;
}

test('an approval is one trace: each stage, fact, call and the write, within each other', async () => {
  const program = await start(`endpoint: "${collector.endpoint}"`);
  const name = await scene.request(1);
  await scene.condition(name, 'Approved', () => program.log);
  const { root, spans } = await traceOf(name, program);
  const child = (of: ReceivedSpan, called: string) => {
    const found = spans.find((span) => span.parentSpanId === of.spanId && span.name === called);
    if (found === undefined)
      throw new Error(`${called} is missing: ${spans.map((one) => one.name).join(', ')}`);
    return found;
  };
  expect(root).toMatchObject({
    name: 'csr.reconcile',
    parentSpanId: '',
    attributes: {
      'csr.name': name,
      'csr.requestor': 'system:node:n1',
      'csr.signer_name': 'kubernetes.io/kubelet-serving',
    },
    resource: { 'service.name': 'rego-csr-approver', 'service.version': '0.1.0' },
  });
  const decide = child(root, 'csr.decide');
  expect(decide.attributes).toMatchObject({ 'csr.verdict': 'approve', 'csr.reason_codes': [] });
  for (const part of [
    'csr.decode',
    'csr.floor.form',
    'csr.floor',
    'csr.policy',
    'csr.fact.pending',
    'csr.fact.claims',
  ])
    child(decide, part);
  expect(child(child(decide, 'csr.fact.node'), 'GET nodes')).toMatchObject({
    kind: 3,
    attributes: {
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'url.full': expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/api\/v1\/nodes\/n1$/),
    },
  });
  child(child(decide, 'csr.fact.sar'), 'POST subjectaccessreviews');
  child(child(decide, 'csr.fact.cluster'), 'GET services');
  child(child(root, 'csr.write'), 'PUT certificatesigningrequests/approval');

  // Nothing hangs in the air, nor reaches beyond what it is a part of.
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  for (const span of spans.filter(({ spanId }) => spanId !== root.spanId)) {
    const parent = byId.get(span.parentSpanId);
    if (parent === undefined) throw new Error(`${span.name} has no parent`);
    const slackNs = 1_000_000n; // of clocks that count in fractions of a millisecond
    expect(span.startTimeUnixNano >= parent.startTimeUnixNano - slackNs, span.name).toBe(true);
    expect(span.endTimeUnixNano <= parent.endTimeUnixNano + slackNs, span.name).toBe(true);
  }
  expect(spans.filter(({ status }) => status.code !== 0)).toEqual([]);

  const { decisions } = await program.wholeStatus();
  expect(decisions.last[0]).toMatchObject({
    trace_id: root.traceId,
    decision_id: decide.attributes['csr.decision_id'],
  });
  expect(await figure(program, 'sent')).toBeGreaterThanOrEqual(spans.length);
  expect(await figure(program, 'failed')).toBe(0);

  // The API server is told of the trace, and takes part in it.
  const calls = new Set(spans.filter(({ kind }) => kind === 3).map(({ spanId }) => spanId));
  await eventually(() => {
    const theirs = collector.spans.filter(
      (span) =>
        !ours(span) && (calls.has(span.parentSpanId) || span.links.some((link) => calls.has(link.spanId))),
    );
    return theirs.length >= 3 ? theirs : undefined;
  });
});

test('what went wrong is marked in the span where it did', async () => {
  const program = await start(`endpoint: "${collector.endpoint}"`, 'cluster: {apiNames: [x.example]}');
  const name = await scene.request(2, { ip: ['10.0.0.99'] });
  const { root, spans } = await traceOf(name, program);
  const decide = spans.find((span) => span.name === 'csr.decide');
  expect(decide?.attributes).toMatchObject({ 'csr.verdict': 'wait', 'csr.reason_codes': ['SANNotListed'] });
  expect(spans.some((span) => span.name === 'csr.write')).toBe(false);
  expect(root.status.code).toBe(0);
});

test("strangers' text in it is bounded and visible", async () => {
  const program = await start(`endpoint: "${collector.endpoint}"`);
  const name = await scene.request(3, {}, { name: `csr-\u202e${'x'.repeat(100)}` });
  await scene.condition(name, 'Approved', () => program.log);
  const { root } = await traceOf(name.replace('\u202e', '\\u{202e}'), program);
  expect(root.name).toBe('csr.reconcile');
});

test('of what is not sampled nothing is sent, and trace ids are there all the same', async () => {
  const before = collector.spans.length;
  const program = await start(`endpoint: "${collector.endpoint}", samplingRatio: 0`);
  const name = await scene.request(1);
  await scene.condition(name, 'Approved', () => program.log);
  const { decisions } = await program.wholeStatus();
  expect(decisions.last[0]?.trace_id).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
  expect(await program.stop()).toBe(0);
  expect(collector.spans.slice(before).filter(ours)).toEqual([]);
});

test('a stop sends what is left', async () => {
  const program = await start(`endpoint: "${collector.endpoint}"`);
  const name = await scene.request(1);
  await scene.condition(name, 'Approved', () => program.log);
  expect(await program.stop()).toBe(0);
  expect(collector.spans.some((span) => span.attributes['csr.name'] === name)).toBe(true);
});

test.each<[string, RequestListener | undefined, RegExp]>([
  ['is not there', undefined, /ECONNREFUSED/],
  ['fails', (_, response) => void response.writeHead(500).end('broken \u001b[31m'), /Internal Server Error/],
  ['never answers', () => undefined, /timed? ?out/i],
])('a receiver that %s holds up nothing, is told of, and counted', async (_, answer, said) => {
  const program = await start(
    answer === undefined ? 'endpoint: "http://127.0.0.1:9/v1/traces"' : await receiver(answer),
  );
  const names = await Promise.all([1, 2, 3].map((number) => scene.request(number)));
  await Promise.all(names.map((name) => scene.condition(name, 'Approved', () => program.log)));
  await eventually(
    async () => {
      const failed = await figure(program, 'failed');
      if (failed === 0) throw new NotYet('nothing has failed');
      return failed;
    },
    { withinMs: 20_000, explain: () => program.log },
  );
  const complaints = program.lines.filter(({ msg }) => String(msg).startsWith('spans could not be sent: '));
  expect(complaints).toHaveLength(1);
  expect(complaints[0]?.['msg']).toMatch(said);
  expect((await program.get('/readyz')).status).toBe(200);
  await scene.request(4);
  expect(await program.stop()).toBe(0);
});

test('headers come from a file that is read for each batch', async () => {
  const file = join(folder, 'headers');
  writeFileSync(file, 'Authorization: Bearer first\n');
  const seen: (string | undefined)[] = [];
  const endpoint = await receiver((request, response) => {
    request.resume();
    seen.push(request.headers.authorization);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  const program = await start(`${endpoint}, headersFile: ${file}`);
  const explain = { explain: () => program.log };
  await scene.request(1);
  await eventually(() => seen[0], explain);
  writeFileSync(file, 'Authorization: Bearer second\n');
  await scene.request(2);
  await eventually(() => (seen.includes('Bearer second') ? true : undefined), explain);
  expect(new Set(seen)).toEqual(new Set(['Bearer first', 'Bearer second']));
});

test('a CA that cannot be read ends the start, with what to do', async () => {
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `apiVersion: rego-csr-approver/v1alpha1
kind: ApproverConfiguration
tracing: {endpoint: "${collector.endpoint}", caFile: /nonexistent/ca.crt}
`,
  );
  const args = ['run', '--kubeconfig', scene.cluster.adminKubeconfig, '--config', file];
  const { code, stderr } = await runToEnd(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(/error: TracingFailed: .*\/nonexistent\/ca\.crt.*correct `tracing`/);
});

test('off by default: nothing of it is loaded', async () => {
  const program = await start('');
  const name = await scene.request(1);
  await scene.condition(name, 'Approved', () => program.log);
  expect((await program.get('/metrics')).body).not.toContain('csr_approver_trace_spans_total{');
  const { decisions } = await program.wholeStatus();
  expect(decisions.last[0]?.trace_id).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
});
