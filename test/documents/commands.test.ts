import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { guideBlocks } from '../support/guide.ts';
import { root } from './documents.ts';

const run = promisify(execFile);

/** Commands of a document's `sh` blocks, lines joined where they are continued. */
function commands(file: string): string[] {
  const text = readFileSync(root + file, 'utf8');
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}

describe('the review that the README shows', () => {
  test('approves', async () => {
    const command = commands('README.md').find((line) => line.includes(' review '));
    const { stdout } = await run('sh', ['-c', command ?? 'false'], { cwd: root });
    expect(stdout).toContain('verdict: approve');
  });
});

/** Who runs the commands of the documents that do not run here. A new one must find its place. */
const elsewhere: Readonly<Record<string, string>> = {
  'make demo': 'a step of make test',
  'make test': 'this run',
  'make build': 'a step of make test',
  'dist/rego-csr-approver init /tmp/my-policy': 'test/examples/init.test.ts, with another folder',
  'dist/rego-csr-approver verify policies/cases/': 'test/rego/readme.test.ts, from the folder policies',
  'kubectl apply --server-side -k deploy/kustomize/base': 'test/integration/deploy.test.ts',
  'kubectl apply --server-side -f deploy/kustomize/base/selfnodeserver.yaml':
    'test/integration/deploy.test.ts',
  'kubectl delete clusterrolebinding node-server-auto-renew-crt': 'test/integration/deploy.test.ts',
  'kubeadm upgrade node phase kubelet-config': 'test/integration/kubeadm.test.ts',
  'systemctl restart kubelet': 'test/e2e starts and stops its kubelets without systemd',
  'kubectl get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving':
    'test/integration/kubeadm.test.ts',
  'dist/rego-csr-approver run --kubeconfig "$HOME/.kube/config"': 'test/integration, with another file',
};

/** Sections of deploy/README.md of which a test runs what it reads there. */
const sections = [
  ...guideBlocks('kubeadm, existing cluster', 'sh').slice(0, 1), // test/integration/kubeadm.test.ts
  ...guideBlocks('Make the API server check', 'sh'), // test/e2e/check.ts
];

test.each(['README.md', 'deploy/README.md'])('every command of %s is run by a test', (file) => {
  const unknown = commands(file).filter(
    (line) =>
      !line.includes(' review ') && !(line in elsewhere) && !sections.some((text) => text.includes(line)),
  );
  expect(unknown).toEqual([]);
});
