/** One series of each kind, in promtool's notation: values a minute apart. */
interface AlertCase {
  readonly alert: string;
  readonly when: string;
  readonly series: Readonly<Record<string, string>>;
  /** Looked at then. */
  readonly at: string;
  /** Of the alert that fires then, but for its severity; undefined: none does. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What the annotations say of the value. */
  readonly value?: string;
}

const [namespace, pod, instance, signer] = ['n', 'a', 'i', 's'];
const up = (name: string) => `up{job="rego-csr-approver",pod="${name}"}`;
const leader = (name: string) => `csr_approver_leader{namespace="n",pod="${name}",instance="i"}`;
const check = (name: string, type = 'readyz') =>
  `csr_approver_healthcheck{namespace="n",pod="a",type="${type}",name="${name}"}`;
const pending = (verdict: string) =>
  `csr_approver_pending_oldest_age_seconds{namespace="n",pod="a",instance="${instance}",verdict="${verdict}"}`;
const decisions = (verdict: string) =>
  `csr_approver_decisions_total{namespace="n",pod="a",signer="s",verdict="${verdict}"}`;
const writes = (result: string) =>
  `csr_approver_approval_writes_total{namespace="n",pod="a",condition="Approved",result="${result}"}`;
const foreign = 'csr_approver_foreign_approvals_total{namespace="n",pod="a",signer="s",condition="Approved"}';
const stale = 'csr_approver_policy_stale{namespace="n",bundle="policy"}';
const fetched = 'csr_approver_policy_last_successful_fetch_timestamp_seconds{namespace="n",bundle="policy"}';
const watchAge = 'csr_approver_watch_last_progress_age_seconds{namespace="n",pod="a",resource="nodes"}';
const restarts = (reason: string) =>
  `csr_approver_watch_restarts_total{namespace="n",pod="a",resource="nodes",reason="${reason}"}`;
const leaseErrors = 'csr_approver_lease_errors_total{namespace="n",pod="a"}';
const lost = (reason: string) =>
  `csr_approver_decision_log_lost_total{namespace="n",pod="a",sink="service",reason="${reason}"}`;
const dropped = (reason: string) =>
  `csr_approver_decision_log_dropped_total{namespace="n",pod="a",reason="${reason}"}`;
const eventErrors = 'csr_approver_event_errors_total{namespace="n",pod="a"}';

/** Each alert when it fires, a minute before, and with one thing changed. */
export const alertCases: readonly AlertCase[] = [
  { alert: 'CSRApproverDown', when: 'for 5 minutes', series: { [up('a')]: '1 0x20' }, at: '6m', labels: {} },
  { alert: 'CSRApproverDown', when: 'not for long enough', series: { [up('a')]: '1 0x20' }, at: '5m' },
  { alert: 'CSRApproverDown', when: 'nothing was ever scraped', series: {}, at: '6m', labels: {} },
  {
    alert: 'CSRApproverDown',
    when: 'one of two is there',
    series: { [up('a')]: '1 0x20', [up('b')]: '1x20' },
    at: '15m',
  },
  {
    alert: 'CSRApproverNobodyLeads',
    when: 'both stand by',
    series: { [leader('a')]: '1 0x20', [leader('b')]: '0x20' },
    at: '4m',
    labels: { namespace },
  },
  {
    alert: 'CSRApproverNobodyLeads',
    when: 'not for long enough',
    series: { [leader('a')]: '1 0x20', [leader('b')]: '0x20' },
    at: '3m',
  },
  {
    alert: 'CSRApproverNobodyLeads',
    when: 'the other one leads',
    series: { [leader('a')]: '1 0x20', [leader('b')]: '0 1x20' },
    at: '10m',
  },
  {
    alert: 'CSRApproverNotReady',
    when: 'one check fails',
    series: { [check('nodes')]: '0x20', [check('policy')]: '1x20' },
    at: '10m',
    labels: { namespace, pod, name: 'nodes' },
  },
  {
    alert: 'CSRApproverNotReady',
    when: 'not for long enough',
    series: { [check('nodes')]: '0x20' },
    at: '9m',
  },
  {
    alert: 'CSRApproverNotReady',
    when: 'it is being stopped',
    series: { [check('shutdown')]: '0x20' },
    at: '15m',
  },
  {
    alert: 'CSRApproverNotReady',
    when: 'the check is of the other probe, after which it is restarted',
    series: { [check('nodes', 'livez')]: '0x20' },
    at: '15m',
  },
  {
    alert: 'CSRApproverPendingTooLong',
    when: 'it waits',
    series: { [pending('wait')]: '0+60x30', [leader('a')]: '1x30' },
    at: '13m',
    labels: { namespace, verdict: 'wait' },
    value: '13m 0s',
  },
  {
    alert: 'CSRApproverPendingTooLong',
    when: 'not for long enough',
    series: { [pending('wait')]: '0+60x30', [leader('a')]: '1x30' },
    at: '12m',
  },
  {
    alert: 'CSRApproverPendingTooLong',
    when: 'the kubelet asks again, which is no end of it',
    series: { [pending('wait')]: '0+60x15 0x30', [leader('a')]: '1x50' },
    at: '25m',
    labels: { namespace, verdict: 'wait' },
    value: '15m 0s',
  },
  {
    alert: 'CSRApproverPendingTooLong',
    when: 'it is refused for good',
    series: { [pending('deny')]: '0+60x30', [leader('a')]: '1x30' },
    at: '20m',
  },
  {
    alert: 'CSRApproverPendingTooLong',
    when: 'one that stands by does not know what the leader thinks of it',
    series: { [pending('undecided')]: '0+60x30', [leader('a')]: '0x30' },
    at: '20m',
  },
  {
    alert: 'CSRApproverDecisionErrors',
    when: 'for ten minutes',
    series: { [decisions('error')]: '0+1x30' },
    at: '11m',
    labels: { namespace, signer },
  },
  {
    alert: 'CSRApproverDecisionErrors',
    when: 'not for long enough',
    series: { [decisions('error')]: '0+1x30' },
    at: '10m',
  },
  {
    alert: 'CSRApproverDecisionErrors',
    when: 'they wait only',
    series: { [decisions('wait')]: '0+1x30' },
    at: '20m',
  },
  {
    alert: 'CSRApproverWriteFailures',
    when: 'forbidden again and again',
    series: { [writes('403')]: '0+1x30' },
    at: '8m',
    labels: { namespace, condition: 'Approved', result: '403' },
  },
  {
    alert: 'CSRApproverWriteFailures',
    when: 'not for long enough',
    series: { [writes('403')]: '0+1x30' },
    at: '7m',
  },
  {
    alert: 'CSRApproverWriteFailures',
    when: 'once, and then it went well',
    series: { [writes('timeout')]: '0 1x30' },
    at: '10m',
  },
  {
    alert: 'CSRApproverWriteFailures',
    when: 'others had written in between',
    series: { [writes('409')]: '0+1x30' },
    at: '20m',
  },
  {
    alert: 'CSRApproverDenialSpike',
    when: 'more than 20 in ten minutes',
    series: { [decisions('deny')]: '0+3x30' },
    at: '7m',
    labels: { namespace, signer },
    value: '21',
  },
  { alert: 'CSRApproverDenialSpike', when: 'not yet', series: { [decisions('deny')]: '0+3x30' }, at: '6m' },
  {
    alert: 'CSRApproverDenialSpike',
    when: 'they are left to people',
    series: { [decisions('abstain')]: '0+3x30' },
    at: '20m',
  },
  {
    alert: 'CSRApproverForeignApproval',
    when: 'once',
    series: { [foreign]: '0x3 1x40' },
    at: '4m',
    labels: { namespace, signer, condition: 'Approved' },
  },
  { alert: 'CSRApproverForeignApproval', when: 'before', series: { [foreign]: '0x3 1x40' }, at: '3m' },
  { alert: 'CSRApproverForeignApproval', when: 'long ago', series: { [foreign]: '0x3 1x40' }, at: '20m' },
  {
    alert: 'CSRApproverPolicyRefused',
    when: 'nobody has mended it',
    series: { [stale]: '0 1x30' },
    at: '16m',
    labels: { namespace, bundle: 'policy' },
  },
  {
    alert: 'CSRApproverPolicyRefused',
    when: 'not for long enough',
    series: { [stale]: '0 1x30' },
    at: '15m',
  },
  { alert: 'CSRApproverPolicyRefused', when: 'a good one came', series: { [stale]: '1x5 0x30' }, at: '25m' },
  {
    alert: 'CSRApproverPolicyNotFetched',
    when: 'for more than an hour',
    series: { [fetched]: '0x90' },
    at: '71m',
    labels: { namespace, bundle: 'policy' },
  },
  { alert: 'CSRApproverPolicyNotFetched', when: 'not yet', series: { [fetched]: '0x90' }, at: '70m' },
  {
    alert: 'CSRApproverPolicyNotFetched',
    when: 'its source answers',
    series: { [fetched]: '0+60x90' },
    at: '80m',
  },
  {
    alert: 'CSRApproverWatchStale',
    when: 'for minutes',
    series: { [watchAge]: '0+60x20' },
    at: '8m',
    labels: { namespace, pod, resource: 'nodes' },
    value: '8m 0s',
  },
  {
    alert: 'CSRApproverWatchStale',
    when: 'not for long enough',
    series: { [watchAge]: '0+60x20' },
    at: '7m',
  },
  {
    alert: 'CSRApproverWatchStale',
    when: 'a bookmark comes each minute',
    series: { [watchAge]: '60x20' },
    at: '15m',
  },
  {
    alert: 'CSRApproverWatchRestarts',
    when: 'one a minute',
    series: { [restarts('early')]: '0+1x40' },
    at: '21m',
    labels: { namespace, pod, resource: 'nodes' },
  },
  {
    alert: 'CSRApproverWatchRestarts',
    when: 'not for long enough',
    series: { [restarts('early')]: '0+1x40' },
    at: '20m',
  },
  {
    alert: 'CSRApproverWatchRestarts',
    when: 'nothing happens, and no bookmarks are sent',
    series: { [restarts('silent')]: '0+1x40' },
    at: '30m',
  },
  {
    alert: 'CSRApproverLeaseErrors',
    when: 'one a minute',
    series: { [leaseErrors]: '0+1x30' },
    at: '11m',
    labels: { namespace, pod },
  },
  {
    alert: 'CSRApproverLeaseErrors',
    when: 'not for long enough',
    series: { [leaseErrors]: '0+1x30' },
    at: '10m',
  },
  {
    alert: 'CSRApproverLeaseErrors',
    when: 'a few, then none',
    series: { [leaseErrors]: '0+1x4 4x30' },
    at: '12m',
  },
  {
    alert: 'CSRApproverEventErrors',
    when: 'one a minute',
    series: { [eventErrors]: '0+1x40' },
    at: '21m',
    labels: { namespace, pod },
  },
  {
    alert: 'CSRApproverEventErrors',
    when: 'not for long enough',
    series: { [eventErrors]: '0+1x40' },
    at: '20m',
  },
  {
    alert: 'CSRApproverEventErrors',
    when: 'a few, then none',
    series: { [eventErrors]: '0+1x4 4x40' },
    at: '25m',
  },
  {
    alert: 'CSRApproverDecisionLogLost',
    when: 'a sink is full',
    series: { [lost('buffer_full')]: '0x3 1x40', [dropped('overload')]: '0x40' },
    at: '4m',
    labels: { namespace, pod },
  },
  {
    alert: 'CSRApproverDecisionLogLost',
    when: 'masks are slow',
    series: { [lost('buffer_full')]: '0x40', [dropped('overload')]: '0x3 1x40' },
    at: '4m',
    labels: { namespace, pod },
  },
  {
    alert: 'CSRApproverDecisionLogLost',
    when: 'the policy wants no line of it',
    series: { [lost('buffer_full')]: '0x40', [dropped('policy')]: '0+1x40', [dropped('overload')]: '0x40' },
    at: '10m',
  },
  {
    alert: 'CSRApproverDecisionLogLost',
    when: 'before',
    series: { [lost('buffer_full')]: '0x3 1x40', [dropped('overload')]: '0x40' },
    at: '3m',
  },
];
