import type { JsonRecord } from '../../kube/json.ts';
import { paths, permission, reads } from '../reads.ts';
import { all, hint, seen, unseen, type Seen } from '../seen.ts';
import type { Flags, NodeState, Snapshot } from '../snapshot.ts';
import { admissionOf, componentOf, flagsOf, flagzOf } from './flags.ts';
import type { Looker } from './look.ts';
import { isOfNodes } from './mirror.ts';
import { podsPath } from './paths.ts';
import { settled } from './settled.ts';

/** Pods of kube-system as kubeadm labels them, and most others that have them as pods. */
const selectorOf = (label: string): string => `${label} in (kube-apiserver,kube-controller-manager)`;

/** @param nodes a worker that says it runs an API server is not heard */
export async function controlPlane(
  looker: Looker,
  nodes: Seen<readonly NodeState[]>,
): Promise<Pick<Snapshot, 'apiServers' | 'controllerManagers' | 'admission'>> {
  const may = permission(reads.components);
  const path = podsPath('kube-system');
  const trusted = new Set((hint(nodes) ?? []).flatMap((node) => (node.controlPlane ? [node.name] : [])));
  const read = (pod: JsonRecord) =>
    isOfNodes(pod, trusted) ? { component: componentOf(pod), ...flagsOf(pod) } : undefined;
  const { byComponent, byApp, flagz, metrics } = await settled({
    byComponent: looker.list(may, path, read, { labelSelector: selectorOf('component') }),
    byApp: looker.list(may, path, read, { labelSelector: selectorOf('k8s-app') }),
    flagz: looker.look(`get ${paths.flagz}`, async () =>
      flagzOf(await looker.client.text(paths.flagz, looker.options)),
    ),
    metrics: looker.look(`get ${paths.metrics}`, async () =>
      admissionOf(await looker.client.text(paths.metrics, longer(looker))),
    ),
  });
  const pods = all(byComponent, byApp, nodes);
  const of = (name: string): Seen<readonly Flags[]> => {
    if ('unseen' in pods) return pods;
    const [one, other] = pods.value;
    const found = [...one, ...other].filter(({ component }) => component === name);
    const unique = [...new Map(found.map((flags) => [flags.where, flags])).values()];
    return unique.length > 0
      ? seen(unique)
      : unseen(
          `no pod of kube-system on a control-plane node is a ${name}: its flags cannot be seen from here`,
        );
  };
  const servers = of('kube-apiserver');
  const byFlagz = hint(flagz);
  return {
    apiServers: 'unseen' in servers && byFlagz !== undefined ? seen([byFlagz]) : servers,
    controllerManagers: of('kube-controller-manager'),
    admission: metrics,
  };
}

/** In a large cluster the page has tens of megabytes. */
const longer = ({ options }: Looker) => ({ ...options, timeoutMs: 60_000 });
