import { makeLine } from '../../src/decision-log/make-line.ts';
import type { Decision, Policies } from '../../src/decide/decide.ts';
import { decide, decideDocument } from '../../src/decide/decide.ts';
import type { InputDocument } from '../../src/decide/input.ts';
import { inputSchema, requestSchema } from '../../src/decide/input.ts';
import { probeDocument } from '../../src/decide/probe.ts';
import type { CertificateRequest } from '../../src/decide/request.ts';
import { capturedGather } from '../../src/facts/offline.ts';

/** What decides the requests of a test's log. */
export interface Log {
  readonly policies: Policies;
  /** Numbers the decisions, from 1. */
  count: number;
}

/** As the program writes it. */
export type Line = Record<string, unknown>;

const limits = { maxRequestBytes: 16_384, maxSANs: 64 };

/** The line of a decision on a document with its facts: the self-test's own, with these changes. */
export async function lineOf(log: Log, changes: Partial<InputDocument> = {}): Promise<Line> {
  const input = inputSchema.parse({ ...probeDocument, ...changes });
  const decision = await decideDocument(
    requestSchema.strip().parse(input),
    capturedGather(input),
    log.policies,
  );
  const { requestor, name, uid, created_at: createdAt, signer_name: signerName } = input;
  return line(log, decision, {
    name,
    uid,
    signerName,
    username: requestor.username,
    createdAt: new Date(createdAt),
  });
}

/** The line of a decision on a request, of which the decoder says what it says. */
export async function lineOfRequest(log: Log, request: CertificateRequest, now: Date): Promise<Line> {
  return line(log, await decide(request, capturedGather({}), log.policies, { now, limits }), request);
}

function line(log: Log, decision: Decision, request: Partial<CertificateRequest>): Line {
  log.count += 1;
  const id = log.count.toString(16).padStart(12, '0');
  const made = makeLine({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest is read where nothing was decoded
    request: { resourceVersion: '1', ...request } as CertificateRequest,
    decision: {
      ...decision,
      id: { decision: `00000000-0000-4000-8000-${id}`, trace: '1'.repeat(32), span: '1'.repeat(16) },
      revision: 'r1',
      entrypoint: 'csr/kubelet_serving/decision',
      floorRevision: log.policies.floor.revision,
    },
    at: new Date('2026-01-01T00:00:02Z'),
    enforcement: 'enforce',
    condition: undefined,
    labels: { app: 'rego-csr-approver', id: 'test', version: '0' },
  });
  if (made === undefined) throw new Error('a request that was left alone has no line');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a copy that nobody shares
  return JSON.parse(JSON.stringify(made)) as Line;
}

export const ndjson = (lines: readonly Line[]): string =>
  lines.map((one) => `${JSON.stringify(one)}\n`).join('');
