import { dirname } from 'node:path';
import { expectThat } from '../demo/deviation.ts';
import { guideBlocks } from '../support/guide.ts';
import { ensureTool } from '../tools/ensure.ts';
import { run } from '../tools/run.ts';
import type { Node, World } from './world.ts';

/** What the guide's command says before `--kubelet-certificate-authority` is set: of these nodes, who serves what. */
export async function expectChecked(
  { cluster }: World,
  expected: readonly { readonly node: Node; readonly ok: boolean }[],
): Promise<void> {
  const [check = 'false'] = guideBlocks('Make the API server check', 'sh');
  const kubectl = dirname(await ensureTool('kubectl'));
  const env = {
    PATH: `${kubectl}:${process.env['PATH']}`,
    KUBECONFIG: cluster.adminKubeconfig,
    CA: cluster.caFile,
    // kubectl caches there what it discovers.
    HOME: '/run/tmp',
  };
  const { stdout, stderr } = await run('bash', ['-c', check], { env, timeoutMs: 60_000 });
  const lines = stdout.split('\n');
  for (const { node, ok } of expected) {
    const line = ok ? `ok ${node.name}` : `NOT YET ${node.name}: `;
    const isSaid = lines.some((one) => (ok ? one === line : one.startsWith(line) && one !== line));
    expectThat(isSaid, `the guide's check should say "${line}"; it said:\n${stdout}${stderr}`);
  }
}
