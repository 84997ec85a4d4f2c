import type { KubeClient } from '../../src/kube/client.ts';
import { listOf, recordOf, textOf } from '../../src/kube/json.ts';
import { apiPath } from '../../src/kube/path.ts';

export interface Verdict {
  readonly kind: 'wait' | 'deny' | 'other';
  /** Sorted. */
  readonly codes: readonly string[];
  readonly note: string;
}

const kinds: Readonly<Record<string, Verdict['kind']>> = { PolicyWaiting: 'wait', PolicyDenied: 'deny' };

/** What the approver has said of a request by Events, the latest last. */
export async function verdictsOn(admin: KubeClient, uid: string): Promise<Verdict[]> {
  const list = await admin.get(apiPath('apis', 'events.k8s.io', 'v1', 'namespaces', 'default', 'events'), {
    query: { fieldSelector: `regarding.uid=${uid},reportingController=rego-csr-approver` },
  });
  return listOf(list['items'])
    .map(recordOf)
    .sort((left, right) => textOf(left['eventTime']).localeCompare(textOf(right['eventTime'])))
    .map((event) => {
      const note = textOf(event['note']);
      const codes = [...note.matchAll(/(?:^|; )([A-Z]\w+): /g)].map(([, code = '']) => code).sort();
      return { kind: kinds[textOf(event['reason'])] ?? 'other', codes, note };
    });
}
