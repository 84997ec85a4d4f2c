import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { statusPage } from '../../../src/status/page/page.ts';
import { contentSecurityPolicy } from '../../../src/status/page/style.ts';
import { everything } from '../../../src/status/pending.ts';
import type { ProgramStatus } from '../../../src/status/status.ts';

const never = '0001-01-01T00:00:00Z';
const at = '2026-11-22T06:00:00.000Z';
const policy = {
  name: 'policy',
  type: 'snapshot',
  active_revision: 'r1',
  last_request: at,
  last_successful_request: at,
  last_successful_download: at,
  last_successful_activation: at,
} as const;
const reason = { code: 'NodeMissing', msg: 'there is no Node n1' };
const request = {
  csr: 'csr-1',
  uid: 'u-1',
  signer_name: 'kubernetes.io/kubelet-serving',
  requested_by: 'system:node:n1',
};

/** Nothing is wrong, and one request waits. */
const good: ProgramStatus = {
  labels: { id: 'pod-1', version: '1.2.3' },
  bundles: { policy },
  leader: { leading: true, identity: 'pod-1_x', lease: 'ns/lease', holder: 'pod-1_x' },
  enforcement: 'enforce',
  on_deny: 'leavePending',
  health: { live: [{ name: 'watch' }], ready: [{ name: 'leader', detail: 'pod-1_x leads' }] },
  pending: {
    total: 1,
    by_verdict: { wait: 1 },
    matching: 1,
    oldest: [{ ...request, age_seconds: 61, verdict: 'wait', reasons: [reason] }],
  },
  decisions: {
    count: 1,
    last: [
      {
        ...request,
        decision_id: 'decision-1',
        trace_id: 't-1',
        timestamp: at,
        verdict: 'wait',
        reasons: [reason],
        revision: 'r1',
        metrics: { timer_total_ns: 2_500_000 },
      },
    ],
  },
  remedies: { NodeMissing: 'wait until the kubelet has registered' },
  queue: { ready: 0, delayed: 1, working: 0, oldest_age_seconds: 0 },
  watches: [{ name: 'the watch of Nodes', synced: true, age_seconds: 3, objects: 12 }],
};
const pageOf = (more: Partial<ProgramStatus> = {}, filter = everything) =>
  statusPage({ ...good, ...more }, filter, new Date(at));
/** The text of the page, without markup. */
const textOf = (page: string) =>
  page
    .replaceAll(/<style>.*?<\/style>|<[^>]*>/gs, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ([.,:;])/g, '$1');

test('says what is in force, what is pending and why, and what to do', () => {
  const text = textOf(pageOf());
  for (const said of [
    'Deciding by policy revision r1.',
    '1 request is pending: 1 wait.',
    'csr-1 system:node:n1 1 min 1 s wait NodeMissing there is no Node n1 What to do: wait until the kubelet has registered',
    '1 decision since the start',
    'in 2.5 ms',
    'This one leads: pod-1_x (Lease ns/lease).',
    'leader /readyz ok pod-1_x leads',
    'watch /livez ok',
    'the watch of Nodes yes 3 s ago 12',
    '0 requests are ready to be decided, 0 being decided, 1 to be looked at again later.',
  ])
    expect(text).toContain(said);
});

test.each<[string, Partial<ProgramStatus>, string]>([
  [
    'a standby',
    { leader: { ...good.leader, leading: false, holder: 'pod-2_y' } },
    'Standing by: pod-2_y leads. This one decides nothing',
  ],
  ['nobody leads', { leader: { ...good.leader, leading: false, holder: '' } }, 'Standing by: nobody leads.'],
  [
    'no policy',
    {
      bundles: {
        policy: {
          name: 'policy',
          type: 'snapshot',
          last_request: at,
          last_successful_request: never,
          last_successful_download: never,
          last_successful_activation: never,
          code: 'bundle_error',
          message: 'SourceUnreachable: no answer',
          errors: [{ code: 'SourceUnreachable', message: 'no answer' }],
        },
      },
    },
    'No policy is in force: nothing is decided. SourceUnreachable: no answer',
  ],
  [
    'a newer policy that is refused',
    {
      bundles: {
        policy: { ...policy, message: 'ConfigErrors: no', errors: [{ code: 'ConfigErrors', message: 'no' }] },
      },
    },
    'Deciding by policy revision r1. A newer one is not in force: ConfigErrors: no',
  ],
  [
    'a dry run',
    { enforcement: 'dryrun' },
    'Deciding by policy revision r1, in a dry run: nothing is written.',
  ],
  [
    'a check that fails',
    { health: { live: [], ready: [{ name: 'approvals', problem: 'forbidden' }] } },
    'Deciding by policy revision r1. Something is wrong: approvals: forbidden',
  ],
  ['no election', { leader: { leading: true } }, 'No leader election: this program decides.'],
  [
    'a write that failed',
    { decisions: { count: 1, last: [{ ...good.decisions.last[0]!, write_failed: 'Approved: 409' }] } },
    'wait not written, Approved: 409',
  ],
  [
    'a candidate',
    {
      shadow: {
        since: at,
        compared: 3,
        other_reasons: 1,
        skipped: 0,
        dropped: 0,
        drift: { 'approve->deny': 1 },
        differing: [
          {
            csr: 'csr-2',
            uid: 'u-2',
            requestor: 'system:node:n2',
            at,
            active: { verdict: 'approve', reasons: [] },
            candidate: { verdict: 'deny', reasons: [{ code: 'Strict', msg: 'no' }] },
          },
        ],
      },
    },
    '3 decisions were compared since 2026-11-22 06:00:00 UTC: 1 approve-&gt;deny; 1 with other reasons alone',
  ],
])('%s', (_, more, said) => {
  expect(textOf(pageOf())).not.toContain(said);
  expect(textOf(pageOf(more))).toContain(said);
});

test('a filter is kept in the form and in the link, and holds for the last decisions', () => {
  const page = pageOf({}, { node: 'n2"><script>', verdict: 'wait' });
  expect(page).toContain('value="n2&quot;&gt;&lt;script&gt;"');
  expect(page).toContain('<option selected>wait</option>');
  expect(page).toContain('href="/?node=n2%22%3E%3Cscript%3E&amp;verdict=wait"');
  expect(page).not.toContain('decision-1');
  expect(pageOf({}, { node: 'N1', verdict: 'wait' })).toContain('decision-1');
  expect(pageOf({}, { node: 'N1', verdict: 'deny' })).not.toContain('decision-1');
});

test("every text of strangers is text, wherever it stands, and a code is no property of objects'", () => {
  const hostile = `"'><img src=x onerror=alert(1)>`;
  const spoil = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((one) => spoil(one));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, spoil(one, name)]));
    return typeof value === 'string' && key !== 'timestamp' && key !== 'code' ? hostile : value;
  };
  const odd = {
    ...good,
    remedies: {},
    pending: {
      ...good.pending,
      oldest: [{ ...request, verdict: 'wait', reasons: [{ code: 'constructor', msg: '' }] }],
    },
  };
  const page = statusPage(spoil(odd) as ProgramStatus, { node: hostile, verdict: hostile }, new Date(at));
  expect(page.match(/<img/g)).toBeNull();
  expect(page.match(/&lt;img/g)?.length).toBeGreaterThan(10);
  expect(page).toContain('<code>constructor</code>');
  expect(page).not.toContain('What to do');
});

test('a hundred requests with the longest reasons make a page of less than a megabyte', () => {
  const long = Array.from({ length: 4 }, () => ({ code: 'C'.repeat(256), msg: '<'.repeat(256) }));
  const oldest = Array.from({ length: 100 }, () => ({ ...request, verdict: 'wait' as const, reasons: long }));
  const page = pageOf({ pending: { total: 10_000, by_verdict: { wait: 10_000 }, matching: 10_000, oldest } });
  expect(page.length).toBeLessThan(1024 * 1024);
  expect(textOf(page)).toContain('10000 requests are pending: 10000 wait. Listed are the oldest 100.');
});

test('the policy takes the one style that is in the page, and nothing else', () => {
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(pageOf()) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  expect(contentSecurityPolicy).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  );
  expect(pageOf()).not.toMatch(/<script|style=|\son[a-z]+=|javascript:/i);
});
