import { z } from 'zod';
import { expectThat } from '../demo/deviation.ts';
import { run } from '../tools/run.ts';
import type { Node, World } from './world.ts';

const program = new URL('../../dist/rego-csr-approver', import.meta.url).pathname;
const auditMs = 60_000;

const line = z.object({
  kind: z.string(),
  node: z.string().optional(),
  /** Of the request that the served certificate was issued for. */
  request: z.string().optional(),
  findings: z.array(z.object({ code: z.string(), message: z.string() })),
});

/** What the program's own audit says of the kubelets of these nodes: what is found, or nothing, and then for which request it was issued. */
export async function expectAudited(
  { cluster }: World,
  expected: readonly { readonly node: Node; readonly codes: readonly string[] }[],
): Promise<void> {
  const args = ['audit', '-o', 'json', '--fail-on', 'none', '--kubeconfig', cluster.adminKubeconfig];
  const result = await run(program, args, { timeoutMs: auditMs });
  const said = `${result.stdout}${result.stderr}`;
  expectThat(result.kind === 'exit' && result.code === 0, `the audit should end with 0; it said:\n${said}`);
  const kubelets = result.stdout
    .split('\n')
    .filter((text) => text.includes('"kind":"kubelet"'))
    .map((text) => line.parse(JSON.parse(text)));
  for (const { node, codes } of expected) {
    const found = kubelets.find((kubelet) => kubelet.node === node.name);
    const seen = found?.findings.map(({ code }) => code).join();
    const isMatched = codes.length > 0 || found?.request !== undefined;
    expectThat(
      seen === codes.join() && isMatched,
      `the audit should find ${codes.join() || 'nothing'} of ${node.name}; it said:\n${said}`,
    );
  }
}
