import { expectThat } from '../../demo/deviation.ts';
import { expectAudited } from '../audit.ts';
import { podOf } from '../nodes.ts';
import { patienceMs } from '../wait.ts';
import { tick, type Node, type World } from '../world.ts';

/** Through the API server, which verifies the kubelet's certificate; the kubelet itself verifies the API server's. */
export async function healthz({ cluster }: World, node: Node): Promise<string> {
  const answer = await cluster.kubectl(['get', '--raw', `/api/v1/nodes/${node.name}/proxy/healthz`]);
  expectThat(answer === 'ok', `the kubelet of ${node.name} answers ${answer}`);
  return answer;
}

export async function logs({ stage, cluster }: World, node: Node): Promise<void> {
  let said = '';
  await stage.until(
    async () => {
      said = await cluster.kubectl(['logs', podOf(node)]).catch(String);
      return said.trim() === `running on ${node.name}` || undefined;
    },
    patienceMs,
    () => `kubectl logs ${podOf(node)} should say that it runs; it says: ${said}`,
  );
}

export async function exec({ cluster }: World, node: Node): Promise<void> {
  const said = await cluster.kubectl(['exec', podOf(node), '--', '/app', 'say', 'hello']);
  expectThat(said === 'hello\n', `kubectl exec ${podOf(node)} says ${said}`);
}

/** What an operator misses first when serving certificates are not right. */
export async function reach(world: World): Promise<void> {
  for (const node of [world.control, world.first, world.second])
    await tick(world, `${node.name}: node proxy /healthz, kubectl logs, kubectl exec`, async () => {
      await healthz(world, node);
      await logs(world, node);
      await exec(world, node);
    });
  const all = [world.control, world.first, world.second].map((node) => ({ node, codes: [] }));
  await tick(world, 'an audit finds the certificate of each in order', () => expectAudited(world, all));
}
