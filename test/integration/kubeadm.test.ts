import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { eventually } from '../support/eventually.ts';
import { guideBlocks } from '../support/guide.ts';
import { ensureTool } from '../tools/ensure.ts';

/** What deploy/README.md says of kubeadm, with the real one. */

const exec = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'kubeadm-test-'));
let kubeadm: string;
let cluster: ControlPlane;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  kubeadm = await ensureTool('kubeadm');
  const kubectl = await ensureTool('kubectl');
  symlinkSync(kubectl, join(root, 'kubectl'));
  cluster = await startControlPlane();
  env = {
    PATH: `${root}:${dirname(kubeadm)}:${process.env['PATH']}`,
    HOME: root,
    KUBECONFIG: cluster.adminKubeconfig,
    KUBEADM_UPGRADE_DRYRUN_DIR: root,
  };
});
afterAll(async () => {
  await cluster.stop();
  rmSync(root, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

test('the configuration of a new cluster is one, and a misspelled field of it is told', async () => {
  const [text = ''] = guideBlocks('kubeadm, new cluster', 'yaml');
  const valid = await exec(kubeadm, ['config', 'validate', '--config', file('init.yaml', text)], { env });
  expect(valid.stdout).toContain('ok');
  const misspelled = file('wrong.yaml', text.replace('serverTLSBootstrap', 'serverTlsBootstrap'));
  await expect(exec(kubeadm, ['config', 'validate', '--config', misspelled], { env })).rejects.toThrow(
    'unknown field "serverTlsBootstrap"',
  );
});

test('the steps for an existing cluster lead to a kubelet that asks', async () => {
  const [text = ''] = guideBlocks('kubeadm, new cluster', 'yaml');
  // A cluster that was made without it.
  const before = file('before.yaml', text.replace('serverTLSBootstrap: true', ''));
  const upload = ['init', 'phase', 'upload-config', 'all', '--kubeconfig', cluster.adminKubeconfig];
  await exec(kubeadm, [...upload, '--config', before], { env });
  const setting = () =>
    cluster.kubectl([
      '-n',
      'kube-system',
      'get',
      'configmap',
      'kubelet-config',
      '-o',
      'jsonpath={.data.kubelet}',
    ]);
  expect(await setting()).not.toContain('serverTLSBootstrap');

  const [edit = '', perNode = '', list = ''] = guideBlocks('kubeadm, existing cluster', 'sh');
  await exec('sh', ['-c', edit], { env });
  expect(await setting()).toMatch(/^serverTLSBootstrap: true$/m);
  const once = await setting();
  await exec('sh', ['-c', edit], { env });
  expect(await setting()).toBe(once);
  expect((await exec('sh', ['-c', list], { env })).stderr).toContain('No resources found');

  const [write = '', restart] = perNode.split('\n');
  expect([write, restart]).toEqual([
    'kubeadm upgrade node phase kubelet-config',
    'systemctl restart kubelet',
  ]);
  await registerAsNode();
  // It goes on to ask a kubelet that is not there; by then the file is written.
  const child = execFile(
    kubeadm,
    [...write.split(' ').slice(1), '--dry-run', `--kubeconfig=${cluster.adminKubeconfig}`],
    { env },
  );
  const ended = new Promise((resolve) => child.once('close', resolve));
  const written = await eventually(() => readFileSync(join(root, 'config.yaml'), 'utf8') || undefined, {
    withinMs: 60_000,
  });
  child.kill('SIGKILL');
  await ended;
  expect(written).toMatch(/^serverTLSBootstrap: true$/m);
});

/** kubeadm looks itself up by the machine's name. */
async function registerAsNode(): Promise<void> {
  const annotations = { 'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock' };
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: hostname().toLowerCase(), annotations } };
  await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(node) });
}
