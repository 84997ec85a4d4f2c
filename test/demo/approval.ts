import { readFileSync } from 'node:fs';
import { checkCertificate } from './certificate.ts';
import { certificateOf, conditionText } from './requests.ts';
import type { Filed, Scene } from './scene.ts';
import { verdictsOn } from './verdicts.ts';

export interface Approval {
  /** From before the request was sent until a watch showed it so. */
  readonly approvedMs: number;
  readonly issuedMs: number;
}

/** Waits until the request is approved and its certificate issued, and checks that. */
export async function approvalOf(scene: Scene, filed: Filed, limitMs: number): Promise<Approval> {
  const { name, uid } = filed.csr.metadata;
  let said = '';
  const approval = await scene.stage.until(
    async () => {
      const observed = scene.requests.get(name);
      if (observed?.issuedAt !== undefined && observed.approvedAt !== undefined)
        return { ...observed, approvedAt: observed.approvedAt, issuedAt: observed.issuedAt };
      // Asked seldom: only to explain why it takes so long.
      if (performance.now() - filed.sentAt > 1000)
        said = (await verdictsOn(scene.admin, uid)).map(({ note }) => note).join(' | ');
      return undefined;
    },
    limitMs,
    () => {
      const state = scene.requests.get(name);
      const condition = state === undefined ? 'not seen' : conditionText(state.object);
      return `${name} of ${filed.node} is ${condition}, neither approved nor issued as it should be. ${said}`;
    },
  );
  checkCertificate(certificateOf(approval.object), readFileSync(scene.cluster.caFile, 'utf8'), filed);
  return { approvedMs: approval.approvedAt - filed.sentAt, issuedMs: approval.issuedAt - filed.sentAt };
}
