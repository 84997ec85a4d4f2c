import { KubeError } from '../../kube/errors.ts';
import { recordOf, textOf } from '../../kube/json.ts';
import { apiPath } from '../../kube/path.ts';
import { configz, permission } from '../reads.ts';
import { seen, type Seen } from '../seen.ts';
import type { Kubelet, NodeState } from '../snapshot.ts';
import type { Looker } from './look.ts';

/** Evenly among those that are Ready. */
export async function askKubelets(
  looker: Looker,
  nodes: readonly NodeState[],
  number: number,
): Promise<Seen<readonly Kubelet[]>> {
  const ready = nodes.filter((one) => one.ready);
  const total = Math.min(number, ready.length);
  const chosen = Array.from(
    { length: total },
    (_, at) => ready[Math.floor((at * ready.length) / total)],
  ).flatMap((one) => one ?? []);
  const asked = chosen.map(async ({ name }): Promise<Kubelet> => {
    const path = apiPath('api', 'v1', 'nodes', name, 'proxy', 'configz');
    const serverTLSBootstrap = await looker.look(permission(configz), async () => {
      const given = recordOf((await looker.client.get(path, looker.options))['kubeletconfig']);
      if (textOf(given['kind']) === '' && given['port'] === undefined) {
        throw new KubeError({ kind: 'protocol', message: 'the answer is no KubeletConfiguration' });
      }
      return given['serverTLSBootstrap'] === true;
    });
    return { node: name, serverTLSBootstrap };
  });
  return seen(await Promise.all(asked));
}
