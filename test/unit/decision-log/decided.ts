import { decide } from '../../../src/decide/decide.ts';
import type { Gather } from '../../../src/decide/facts.ts';
import type { CertificateRequest } from '../../../src/decide/request.ts';
import { makeLine, type Logged } from '../../../src/decision-log/make-line.ts';
import { judged } from '../controller/judged.ts';
import { gathers, limits, now, policiesThat, request, type Says } from '../decide/stubs.ts';

interface Asked {
  readonly says?: Says;
  readonly of?: CertificateRequest;
  readonly gather?: Gather;
}

/** A decision by stubs, as it is told to the decision log. */
export async function logged(asked: Asked = {}, more: Partial<Logged> = {}): Promise<Logged> {
  const { says = {}, of = request(), gather = gathers() } = asked;
  let tick = 0;
  const clock = () => (tick += 0.25);
  const decision = await decide(of, gather, policiesThat(says), { now, limits, clock });
  return {
    request: of,
    decision: judged(decision.verdict, {
      ...decision,
      revision: 'r1',
      entrypoint: 'csr/test/decision',
      floorRevision: 'f1',
    }),
    at: now,
    enforcement: 'enforce',
    condition: decision.verdict.kind === 'approve' ? 'Approved' : undefined,
    labels: { app: 'rego-csr-approver', id: 'pod-1', version: '1.0.0' },
    ...more,
  };
}

/** The line of it. */
export async function lineOf(asked: Asked = {}, more: Partial<Logged> = {}) {
  const line = makeLine(await logged(asked, more));
  if (line === undefined) throw new Error('no line');
  return line;
}
