import { decisionLineSchema, type DecisionLine } from '../../src/decision-log/line.ts';
import { recordOf } from '../../src/kube/json.ts';
import { Deviation, expectThat } from '../demo/deviation.ts';
import { certificateOf, conditionsOf, conditionText } from '../demo/requests.ts';
import { verdictsOn, type Verdict } from '../demo/verdicts.ts';
import { run } from '../tools/run.ts';
import { approverLog } from './approver.ts';
import { servingSigner, type Entry } from './journal.ts';
import type { Options } from './options.ts';
import type { Node, World } from './world.ts';

/** Long enough for a machine that is busy with other things; what is promised to be quick is measured. */
export const patienceMs = 60_000;

/** The next request of a requestor, first seen after a moment. */
export function nextRequest(
  { stage, journal }: World,
  requestor: string,
  signer: string,
  after: number,
  limitMs = patienceMs,
): Promise<Entry> {
  return stage.until(
    () => journal.of(requestor, signer, after).at(-1),
    limitMs,
    () => `${requestor} has made no new request for ${signer}`,
  );
}

/** The kubelet's next serving certificate is approved by us and issued. */
export async function nextCertificate(
  world: World,
  node: Node,
  after: number,
  limitMs = patienceMs,
): Promise<Entry> {
  const entry = await world.stage.until(
    () => world.journal.of(node.user, servingSigner, after).find(({ issuedAt }) => issuedAt !== undefined),
    limitMs,
    () => {
      const found = world.journal.of(node.user, servingSigner, after);
      const what = found.map(({ name, object }) => `${name} is ${conditionText(object)}`).join(', ');
      return `${node.name} has no new serving certificate: ${what || 'it has made no request'}`;
    },
  );
  expectThat(
    entry.approvalReason === 'PolicyAllowed',
    `${entry.name} was approved by somebody else: ${entry.approvalReason}`,
  );
  return entry;
}

/** What approvals of client certificates say: who wrote them. */
export const clientReason = ({ clientApprover }: Options): string =>
  clientApprover === 'rego' ? 'PolicyAllowed' : 'AutoApproved';

/** Time from the first sight of a request to that of its approval. */
export function approvalMs({ name, approvedAt, seenAt }: Entry): number {
  if (approvedAt === undefined) throw new Deviation(`${name} is not approved`);
  return approvedAt - seenAt;
}

/** The approver says, in an Event on the request, that it is not approved, with these codes among its reasons. */
export function refused(world: World, { name, uid }: Entry, codes: readonly string[]): Promise<Verdict> {
  let seen: readonly Verdict[] = [];
  return world.stage.until(
    async () => {
      expectUndecided(world, uid);
      seen = await verdictsOn(world.admin, uid);
      const last = seen.at(-1);
      return last !== undefined && codes.every((code) => last.codes.includes(code)) ? last : undefined;
    },
    patienceMs,
    () =>
      `${name} should not be approved, with ${codes.join(', ')}; said was: ${seen.map(({ note }) => note).join(' | ') || 'nothing'}`,
  );
}

/** The same, by the decision log: of a requestor that files a thousand requests, most have no Event. */
export function refusedInLog(world: World, { name, uid }: Entry, codes: readonly string[]): Promise<string> {
  let said: readonly string[] = [];
  return world.stage.until(
    async () => {
      expectUndecided(world, uid);
      const lines = await linesAbout(uid);
      said = lines.flatMap(({ custom: { verdict } }) => verdict.reasons.map(({ code }) => code));
      return codes.every((code) => said.includes(code)) ? said.join(', ') : undefined;
    },
    patienceMs,
    () =>
      `${name} should not be approved, with ${codes.join(', ')}; logged was: ${said.join(', ') || 'nothing'}`,
  );
}

async function linesAbout(uid: string): Promise<DecisionLine[]> {
  // The log is long by then, and grep is quick.
  const found = await run('grep', ['-F', `"uid":"${uid}"`, approverLog], { timeoutMs: patienceMs });
  if (found.kind !== 'exit') throw new Deviation(`grep: ${found.kind}`);
  return (
    found.stdout
      .split('\n')
      // The last one may not be whole yet.
      .filter((line) => line.includes('"custom":{"format":') && line.endsWith('}}'))
      .map((line) => decisionLineSchema.parse(JSON.parse(line)))
  );
}

/** No condition and no certificate: it is left to people. */
export function expectUndecided({ journal }: World, uid: string): void {
  const object = journal.get(uid)?.object;
  if (object === undefined) return;
  expectThat(
    conditionsOf(object).length === 0 &&
      certificateOf(object) === '' &&
      Object.keys(recordOf(object['status'])).length === 0,
    `${object.metadata.name} is ${conditionText(object)}, and should be pending`,
  );
}

/** A file of the kubelet holds the certificate that the request was answered with. */
export async function installed(world: World, node: Node, entry: Entry): Promise<void> {
  await world.stage.until(
    () => {
      const issued = world.journal.get(entry.uid)?.object;
      return (
        (issued !== undefined && node.kubelet.servingCertificate?.trim() === certificateOf(issued).trim()) ||
        undefined
      );
    },
    patienceMs,
    () => `pki/kubelet-server-current.pem of ${node.name} does not hold the certificate of ${entry.name}`,
  );
}
