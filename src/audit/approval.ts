import type { CertificateRequest } from '../decide/request.ts';
import { listOf, recordOf, textOf } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';

/** Who decided a request, as far as the object tells. None of it is proof: only the API server's audit log is. */
export interface Decided {
  readonly type: 'Approved' | 'Denied';
  /** Both are whatever the writer chose to say; anybody who may approve can copy ours. */
  readonly reason: string;
  readonly message: string;
  /**
   * Clients that wrote the condition, by its managedFields. The API server records them, by the User-Agent or the
   * `fieldManager` that they gave, which a forger has to copy as well.
   */
  readonly managers: readonly string[];
  /** By the API server's record, else by the condition's own word; undefined where neither says. */
  readonly at: Date | undefined;
  /** Of the policy, where the message has our form. */
  readonly revision: string | undefined;
  readonly by: 'this program' | 'another' | 'forged' | 'unclear';
}

/** First part of our User-Agent, which the API server takes for the name of a writer. */
const ourManager = 'rego-csr-approver';
const ourReasons = { Approved: 'PolicyAllowed', Denied: 'PolicyDenied' } as const;
const ourMessage = /^allowed by \S+ of policy revision (.*) \(rego-csr-approver [^()]*\)$/;

/** The deciding condition; where there are both, which the API refuses, the approval. */
export function decidedBy(request: CertificateRequest, object: KubeObject): Decided | undefined {
  const condition = (['Approved', 'Denied'] as const)
    .map((type) => ({ type, found: request.conditions.find((one) => one.type === type) }))
    .find(({ found }) => found !== undefined);
  if (condition?.found === undefined) return undefined;
  const { type, found } = condition;
  const { reason = '', message = '' } = found;
  const writers = writersOf(object, type);
  const managers = [...new Set(writers.map(({ manager }) => manager))].sort();
  return {
    type,
    reason,
    message,
    managers,
    at: timeOf(writers.at(-1)?.time) ?? timeOf(found['lastUpdateTime']),
    revision: ourMessage.exec(message)?.[1],
    by: whose(type, reason, message, managers),
  };
}

function whose(
  type: Decided['type'],
  reason: string,
  message: string,
  managers: readonly string[],
): Decided['by'] {
  const worded = reason === ourReasons[type] && (type === 'Denied' || ourMessage.test(message));
  if (!worded) return reason === ourReasons[type] ? 'forged' : 'another';
  if (managers.length === 0) return 'unclear';
  return managers.every((manager) => manager === ourManager) ? 'this program' : 'forged';
}

/** Entries of managedFields that own the condition, the last writer last. Conditions are a list by `type` (API conventions). */
function writersOf({ metadata }: KubeObject, type: string): { manager: string; time: string }[] {
  return listOf(metadata['managedFields'])
    .map(recordOf)
    .filter(({ fieldsV1 }) => {
      const conditions = recordOf(recordOf(recordOf(fieldsV1)['f:status'])['f:conditions']);
      return Object.hasOwn(conditions, `k:{"type":${JSON.stringify(type)}}`);
    })
    .map(({ manager, time }) => ({ manager: textOf(manager), time: textOf(time) }))
    .sort((a, b) => (a.time < b.time ? -1 : 1));
}

function timeOf(text: unknown): Date | undefined {
  const time = typeof text === 'string' ? new Date(text) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time;
}
