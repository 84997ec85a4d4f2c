import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { guideBlocks } from '../support/guide.ts';
import { root } from './documents.ts';

const run = promisify(execFile);

/** Commands of a text's `sh` blocks, lines joined where they are continued. */
function commands(text: string): string[] {
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}

const read = (file: string): string => readFileSync(root + file, 'utf8');

/** Where in its file a rule stands changes with every edit. */
const withoutLines = (output = ''): string => output.replaceAll(/(\.rego):\d+/g, '$1').trim();

describe('the review that the README shows', () => {
  test('approves', async () => {
    const command = commands(read('README.md')).find((line) => line.includes(' review '));
    const { stdout } = await run('sh', ['-c', command ?? 'false'], { cwd: root });
    expect(stdout).toContain('verdict: approve');
  });

  test('explains what it shows as explained', async () => {
    const text = read('README.md');
    const command = commands(text).find((line) => line.includes(' review ')) ?? 'false';
    const denied = `${command.replace('=allowed', '=denied')} --explain`;
    const { code, stdout } = (await run('sh', ['-c', denied], { cwd: root }).catch(
      (error: { code: number; stdout: string }) => error,
    )) as { code: number; stdout: string };
    const [, shown] = /```text\n(csr-[\s\S]*?\n)```/.exec(text) ?? [];
    expect([code, withoutLines(stdout)]).toEqual([1, withoutLines(shown)]);
  });
});

test('the command that the README names for decoding prints the document', async () => {
  const [, command = 'false'] = /`(dist\/rego-csr-approver decode [^`]+)`/.exec(read('README.md')) ?? [];
  const { stdout } = await run('sh', ['-c', command], { cwd: root });
  expect(JSON.parse(stdout)).toMatchObject({ version: 1, signer_name: 'kubernetes.io/kubelet-serving' });
});

/** Who runs the commands of the documents that do not run here. A new one must find its place. */
const elsewhere: Readonly<Record<string, string>> = {
  'make demo': 'a step of make test',
  'make test': 'this run',
  'make build': 'a step of make test',
  'make policy-tools': 'test/rego/readme.test.ts, but for the building itself',
  'export PATH="$PWD/dist:$(node_modules/.bin/node test/tools/main.ts --print-path opa conftest regal):$PATH"':
    'test/rego/readme.test.ts, from the folder policies',
  'rego-csr-approver init /tmp/my-policy': 'test/examples/init.test.ts, with another folder',
  '(cd /tmp/my-policy && ./ci.sh)': 'test/examples/ci.test.ts, with another folder',
  'dist/rego-csr-approver verify policies/cases/': 'test/rego/readme.test.ts, from the folder policies',
  'kubectl apply --server-side -k overlays/mine': 'test/integration/overlay.test.ts',
  'helm upgrade --install rego-csr-approver rego-csr-approver/deploy/chart -n rego-csr-approver --create-namespace -f values.yaml':
    'test/chart/install.test.ts',
  'kubectl label namespace rego-csr-approver pod-security.kubernetes.io/enforce=restricted':
    'test/chart/install.test.ts',
  'helm upgrade --install rego-csr-approver rego-csr-approver/deploy/chart -n rego-csr-approver -f values.yaml --take-ownership --force-conflicts':
    'test/chart/install.test.ts',
  'kubectl rollout status deployment/rego-csr-approver -n rego-csr-approver':
    'kubectl itself: no pod runs in the tests',
  "kubectl delete configmap -n rego-csr-approver -l 'app.kubernetes.io/instance=rego-csr-approver,!helm.sh/chart'":
    'test/chart/install.test.ts',
  'kubectl create secret docker-registry rego-csr-approver-registry -n rego-csr-approver --docker-server=registry.example.com --docker-username="$USERNAME" --docker-password="$PASSWORD"':
    'test/integration/policy-server.test.ts',
  'kubectl create configmap rego-csr-approver-policy-keys -n rego-csr-approver --from-file=release.pem':
    'test/integration/policy-server.test.ts',
  'kubectl apply --server-side -f deploy/kustomize/base/selfnodeserver.yaml':
    'test/integration/deploy.test.ts',
  'kubectl delete clusterrolebinding node-server-auto-renew-crt': 'test/integration/deploy.test.ts',
  'kubeadm upgrade node phase kubelet-config': 'test/integration/kubeadm.test.ts',
  'systemctl restart kubelet': 'test/e2e starts and stops its kubelets without systemd',
  'kubectl get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving':
    'test/integration/kubeadm.test.ts',
  'dist/rego-csr-approver run --kubeconfig "$HOME/.kube/config"': 'test/integration, with another file',
  "printf '{}' > config.json": 'test/integration/sources-oci.test.ts writes that file',
  'oras push registry.example.com/policies/kubelet:1.0 --config config.json:application/vnd.oci.image.config.v1+json bundle.tar.gz:application/vnd.oci.image.layer.v1.tar+gzip':
    'test/integration/sources-oci.test.ts, with another registry',
  'skopeo copy docker://registry.example.com/policies/kubelet:1.0 docker://registry.example.com/production/kubelet:1.0':
    'test/integration/sources-oci.test.ts, with another registry',
  'kubectl apply --server-side -f deploy/audit/rbac.yaml': 'test/integration/audit.test.ts',
  'dist/rego-csr-approver audit --kubeconfig "$HOME/.kube/config"':
    'test/integration/audit.test.ts, with another file',
  'kubectl logs -n rego-csr-approver deploy/rego-csr-approver | grep \'"custom":{"format":\'':
    'test/integration/decision-log.test.ts, on what the program has written',
  'dist/rego-csr-approver doctor': 'test/integration/doctor.test.ts, with --kubeconfig',
  'kubectl create token rego-csr-approver-doctor -n rego-csr-approver': 'test/integration/doctor.test.ts',
  'make check': 'its parts are steps of make test',
  'export PATH="$PWD/node_modules/.bin:$PATH"': 'a test below',
  'vitest run --config test/vitest.config.ts --project unit test/unit/csr/der.test.ts': 'a test below',
  'make control-plane': 'test/control-plane/cleanup.test.ts, without make',
  'dist/rego-csr-approver run --kubeconfig FILE': 'test/integration, with another file',
};

/** Sections of deploy/README.md of which a test runs what it reads there. */
const sections = [
  ...guideBlocks('kubeadm, existing cluster', 'sh').slice(0, 1), // test/integration/kubeadm.test.ts
  ...guideBlocks('Make the API server check', 'sh'), // test/integration/check.test.ts, test/e2e/check.ts
];

/** Chapters whose commands tests read by heading, run, and compare with what is shown below them. */
const followed = ['Troubleshooting', 'When its own node has no certificate'];

const chapters = (file: string): string[] => read(file).split(/^## /m);
const isFollowed = (chapter: string): boolean => followed.some((title) => chapter.startsWith(`${title}\n`));

test.each(['README.md', 'CONTRIBUTING.md', 'deploy/README.md'])(
  'every command of %s is run by a test',
  (file) => {
    const text = chapters(file)
      .filter((chapter) => !isFollowed(chapter))
      .join('## ');
    const unknown = commands(text).filter(
      (line) =>
        !line.includes(' review ') && !(line in elsewhere) && !sections.some((block) => block.includes(line)),
    );
    expect(unknown).toEqual([]);
  },
);

test('every section with commands in chapters that are followed is followed, and shows what they print', () => {
  const shown = chapters('deploy/README.md')
    .filter((chapter) => isFollowed(chapter))
    .flatMap((chapter) => chapter.split(/^#+ /m))
    .filter((section) => section.includes('```sh\n'));
  expect(shown.length).toBeGreaterThan(20);
  const folder = 'test/integration/';
  const tests = readdirSync(root + folder)
    .filter((name) => name.startsWith('troubleshooting'))
    .map((name) => read(folder + name))
    .join('');
  const headings = shown.map((section) => section.slice(0, section.indexOf('\n')));
  expect(headings.filter((heading) => !tests.includes(`'${heading}'`))).toEqual([]);
  const unshown = shown.filter((section) => /```sh\n[^`]*```\n(?!\n```text\n)/.test(section));
  expect(unshown).toEqual([]);
});

describe('the one test that CONTRIBUTING.md shows how to run', () => {
  const block = /```sh\n(export PATH[\s\S]*?)```/.exec(read('CONTRIBUTING.md'))?.[1] ?? 'false';
  test('passes', async () => {
    // Not those of this run.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(NODE_|VITEST)/.test(name)),
    );
    const { stdout } = await run('sh', ['-c', block], { cwd: root, env });
    expect(stdout).toMatch(/Test Files .*1 passed/);
  });
});
