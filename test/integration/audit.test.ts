import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findingCodes, type FindingCode } from '../../src/audit/codes.ts';
import { createSubjectAccessReview, NODE_PATH } from '../../src/kube/calls.ts';
import { asObject, type KubeObject } from '../../src/kube/objects.ts';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { FaultProxy, type Passing } from '../support/fault-proxy.ts';
import { bootstrap, clientSigner, makeBootstrapToken } from './bootstrap.ts';
import { reachAt } from './fake-kubelet.ts';
import { NAMESPACE, objectsOf } from './install.ts';
import { runToEnd } from './program.ts';
import { addressesOf, csrPath, Scene } from './scene.ts';

/** The shipped program over a real cluster in which requests were decided well, badly, and by others; it may do nothing else. */

const rbac = readFileSync(new URL('../../deploy/audit/rbac.yaml', import.meta.url), 'utf8');
const account = `system:serviceaccount:${NAMESPACE}:rego-csr-approver-audit`;
const auditLog = 'audit.log';
const executable = new URL('../../dist/rego-csr-approver', import.meta.url).pathname;

interface Line {
  readonly kind: string;
  readonly name?: string;
  readonly node?: string;
  readonly state?: string;
  readonly decided_by?: Record<string, unknown>;
  readonly verdict?: Record<string, unknown>;
  readonly certificate?: Record<string, unknown>;
  readonly findings: { code: FindingCode; severity: string; message: string }[];
}

let directory: string;
let scene: Scene;
let kubeconfig: string;
/** Names of requests, by what became of them. */
const made: Record<string, string> = {};

const audit = (...args: string[]) => runToEnd(['audit', '--kubeconfig', kubeconfig, ...args]);
async function lines(...args: string[]): Promise<{ code: number | null; stderr: string; all: Line[] }> {
  const { code, stdout, stderr } = await audit('-o', 'json', ...args);
  return {
    code,
    stderr,
    all: stdout
      .split('\n')
      .filter(Boolean)
      .map((line): Line => JSON.parse(line)),
  };
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'audit-test-'));
  const policy = join(directory, 'policy.yaml');
  writeFileSync(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n');
  const flags = [`--audit-policy-file=${policy}`, `--audit-log-path=${auditLog}`];
  scene = await Scene.open({ flags: { apiserver: flags } });
  await scene.cluster.kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], { input: rbac });
  const token = ['create', 'token', 'rego-csr-approver-audit', '-n', NAMESPACE];
  kubeconfig = scene.cluster.tokenKubeconfig((await scene.cluster.kubectl(token)).trim());
  await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((number) => scene.node(number)));
  await decideAll();
});
afterAll(async () => {
  await scene?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Requests as they are found in clusters: each of a node of its own, since of one node only the newest counts. */
async function decideAll(): Promise<void> {
  const kubectl = (verb: string, name: string) => scene.cluster.kubectl(['certificate', verb, '--', name]);
  const program = await scene.keep(Approver.start({ kubeconfig: scene.cluster.adminKubeconfig }));
  made['ours'] = await scene.request(1);
  await scene.certificate(made['ours']);
  // Of such a one the API server records no writer, neither then nor later.
  const bare = await scene.stranger('n12');
  await bare.register(addressesOf(12));
  await bare.request({ ip: ['10.0.0.12'] }, { name: 'node-csr-12' });
  made['ours, made with a name alone'] = 'node-csr-12';
  await scene.certificate('node-csr-12');
  await program.stop();
  const dns = ['kubernetes.default.svc'];
  made['by a person'] = await scene.request(2);
  made['by a person, reserved name'] = await scene.request(3, { dns });
  made['another address'] = await scene.request(7, { ip: ['10.0.0.77'] });
  made['denied'] = await scene.request(5);
  made['not signed'] = await scene.request(6, {}, { usages: ['server auth', 'client auth'] });
  for (const what of ['by a person', 'by a person, reserved name', 'another address', 'not signed'])
    await kubectl('approve', made[what] ?? '');
  await kubectl('deny', made['denied']);
  for (const what of ['by a person', 'by a person, reserved name', 'another address'])
    await scene.certificate(made[what] ?? '');
  await scene.condition(made['not signed'], 'Failed');
  made['pending'] = await scene.request(4);
  made['pending, reserved name'] = await scene.request(8, { dns });
  await forge();
}

/** Our words, written by somebody else; and a certificate that nobody approved, for another key. */
async function forge(): Promise<void> {
  const [approved] = await scene.conditions(made['ours'] ?? '');
  const node = await scene.stranger('n9');
  await node.register(addressesOf(9));
  const forged = await node.request({ ip: ['10.0.0.9'] });
  made['forged'] = forged.metadata.name;
  const write = (name: string, subresource: string, object: KubeObject, status: object) =>
    scene.admin.put(csrPath(name, subresource), { ...object, status });
  await write(made['forged'], 'approval', forged, { conditions: [approved] });
  await scene.certificate(made['forged']);
  const other = await scene.stranger('n10');
  await other.register(addressesOf(10));
  const planted = await other.request({ ip: ['10.0.0.10'] });
  made['planted'] = planted.metadata.name;
  const { certificate } = await scene.cluster.servingCertificate('n10', ['n10', '10.0.0.10']);
  await write(made['planted'], 'status', planted, {
    certificate: Buffer.from(certificate).toString('base64'),
  });
}

const codesOf = ({ findings }: Line) => findings.map(({ code }) => code).sort();

test('every request has what there is to say of it, and nothing else', async () => {
  const { code, stderr, all } = await lines('--kubelets', 'none');
  expect([code, stderr]).toEqual([1, '']);
  const requests = all.filter(({ kind }) => kind === 'csr');
  const found = Object.fromEntries(
    Object.entries(made).map(([what, name]) => [
      what,
      codesOf(requests.find((line) => line.name === name) ?? { kind: '', findings: [] }),
    ]),
  );
  expect(found).toEqual({
    ours: [],
    'ours, made with a name alone': ['ApproverUnclear'],
    'by a person': ['ForeignApproval'],
    'by a person, reserved name': ['ApprovedNowDenied', 'ForeignApproval'],
    'another address': ['ApprovedNowNotAllowed', 'ForeignApproval'],
    denied: ['DeniedNowAllowed'],
    'not signed': ['ApprovedNowDenied', 'ForeignApproval', 'SigningFailed'],
    pending: [],
    'pending, reserved name': ['PendingNotAllowed'],
    forged: ['ApprovalForged'],
    planted: ['CertificateDiffers', 'IssuedNotApproved'],
  });
  expect(requests).toHaveLength(Object.keys(made).length);
  const ours = requests.find(({ name }) => name === made['ours']);
  expect(ours).toMatchObject({
    state: 'issued',
    decided_by: { by: 'this program', managers: ['rego-csr-approver'], reason: 'PolicyAllowed' },
    verdict: { kind: 'approve', aged: 'as decided', reasons: [] },
    certificate: { sans: { dns: ['n1'], ip: ['10.0.0.1'] }, usages: ['digital signature', 'server auth'] },
  });
  const person = requests.find(({ name }) => name === made['by a person']);
  expect(person?.decided_by).toMatchObject({
    by: 'another',
    managers: ['kubectl'],
    reason: 'KubectlApprove',
  });
  const summary = all.at(-1);
  expect(summary).toMatchObject({
    kind: 'summary',
    requests: { issued: 7, approved: 0, denied: 1, failed: 1, pending: 2 },
    approved_by_this_program: 1,
    findings: { ApprovedNowDenied: 2, ForeignApproval: 4 },
    failed_by: ['ApprovedNowDenied', 'ApprovalForged', 'IssuedNotApproved', 'CertificateDiffers'],
  });
});

test('people read what was found, by its kind, with what to do', async () => {
  const { code, stdout } = await audit('--kubelets', 'none');
  expect(code).toBe(1);
  expect(stdout).toContain(
    'requests: 11, 7 issued, 0 approved and not issued, 1 denied, 1 failed, 2 pending',
  );
  expect(stdout).toMatch(/^error ApprovedNowDenied \(2\): /m);
  expect(stdout).toContain(`  to do: ${findingCodes.ForeignApproval.remedy}`);
  expect(stdout).toContain(
    `  certificatesigningrequests/${made['forged'] ?? ''} of system:node:n9: written by admin; reason PolicyAllowed, message "allowed by csr/kubelet_serving/decision `,
  );
});

test('each reason is explained by its rule, for people and for programs', async () => {
  const { stdout } = await audit('--kubelets', 'none', '--explain');
  const name = made['pending, reserved name'] ?? '';
  const [, shown = ''] = stdout.split(`certificatesigningrequests/${name} of system:node:n8: `);
  expect(shown).toMatch(/^ +NameReserved \(floor\)\n +rule +csr\.floor\.\S+ \(\S+\.rego:\d+/m);
  expect(shown).toMatch(/^ +input\.sans\.dns = \["kubernetes\.default\.svc"\]$/m);
  const { all } = await lines('--kubelets', 'none', '--explain');
  expect(all.find((line) => line.name === name)?.verdict).toMatchObject({
    explain: [
      { code: 'NameReserved', rule: expect.stringMatching(/^csr\.floor\./), remedy: expect.any(String) },
    ],
  });
});

test('a machine that has made its Node since was not told that it exists', async () => {
  const role = 'system:certificates.k8s.io:certificatesigningrequests:nodeclient';
  for (const [name, bound] of [
    ['bootstrap', 'system:node-bootstrapper'],
    ['auto-approve', role],
  ] as const) {
    const to = ['--group=system:bootstrappers', `--clusterrole=${bound}`];
    // oxlint-disable-next-line no-await-in-loop
    await scene.cluster.kubectl(['create', 'clusterrolebinding', name, ...to]);
  }
  const token = scene.cluster.tokenKubeconfig(await makeBootstrapToken(scene));
  const name = await bootstrap(token, 'n11');
  await scene.certificate(name);
  await (await scene.stranger('n11')).register(addressesOf(11));
  const config = join(directory, 'config.yaml');
  const head = 'apiVersion: rego-csr-approver/v1alpha1\nkind: ApproverConfiguration\n';
  writeFileSync(config, `${head}signers: [${clientSigner.signerName}]\n`);
  const { all } = await lines('--kubelets', 'none', '--config', config);
  expect(all.filter(({ kind }) => kind === 'csr')).toMatchObject([
    {
      name,
      decided_by: { by: 'another', managers: ['kube-controller-manager'], reason: 'AutoApproved' },
      verdict: { kind: 'approve', aged: 'as decided' },
      findings: [{ code: 'ForeignApproval' }],
    },
  ]);
  await scene.cluster.kubectl(['delete', 'node', 'n11']);
});

describe('what it fails on', () => {
  test.each<[string, string[], number]>([
    ['nothing', ['--fail-on', 'none'], 0],
    ['a code that was found', ['--fail-on', 'DeniedNowAllowed'], 1],
    ['no such code', ['--fail-on', 'Nonsense'], 2],
  ])('%s', async (_, args, expected) => {
    const { code, stderr } = await audit('--kubelets', 'none', '-o', 'junit', ...args);
    expect([code, stderr]).toEqual([
      expected,
      expected === 2 ? expect.stringMatching(/^error: OptionsInvalid: --fail-on Nonsense: /) : '',
    ]);
  });
});

test('a stricter policy finds what the default one lets pass', async () => {
  const overlay = join(directory, 'knobs.json');
  const config = { reserved_cidrs: ['10.0.0.1/32'] };
  writeFileSync(overlay, JSON.stringify({ csr: { kubelet_serving: { config } } }));
  const { all } = await lines('--kubelets', 'none', '--data', overlay);
  const [ours, person] = ['ours', 'by a person'].map((what) => all.find(({ name }) => name === made[what]));
  expect(ours).toMatchObject({ verdict: { kind: 'deny' }, findings: [{ code: 'ApprovedNowDenied' }] });
  expect(person).toMatchObject({ verdict: { kind: 'approve' } });
});

test('no kubelet is asked at an address that none has, whatever its Node says', async () => {
  await reachAt(scene, 'n1', '127.0.0.1');
  await reachAt(scene, 'n2', '169.254.169.254');
  const { all } = await lines();
  const kubelets = all.filter(({ kind }) => kind === 'kubelet');
  expect(kubelets.map(({ node = '' }) => node).sort()).toEqual(
    [1, 10, 12, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `n${String(number)}`),
  );
  const of = (node: string) => kubelets.find((line) => line.node === node);
  expect([of('n1'), of('n2'), of('n3')].map((line) => line?.findings)).toEqual([
    [expect.objectContaining({ code: 'KubeletAddressRefused', message: '127.0.0.1 is a loopback address' })],
    [expect.objectContaining({ code: 'KubeletAddressRefused', message: expect.stringMatching(/^169\.254/) })],
    [expect.objectContaining({ code: 'KubeletAddressMissing' })],
  ]);
});

describe('the CA of kubelets', () => {
  test.each<[string, string | undefined, RegExp]>([
    ['that is not there', undefined, /^error: CAInvalid: --kubelet-ca .*: there is no such file/],
    ['that is none', 'nonsense', /^error: CAInvalid: --kubelet-ca .*: holds no certificate in PEM/],
  ])('%s', async (_, content, message) => {
    const file = join(directory, content === undefined ? 'missing.pem' : 'nonsense.pem');
    if (content !== undefined) writeFileSync(file, content);
    const { code, stdout, stderr } = await audit('--kubelet-ca', file);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});

const isReview = ({ url }: Passing) => url.includes('subjectaccessreviews');

describe('between it and the API server', () => {
  let proxy: FaultProxy;
  let through: string;
  beforeAll(async () => {
    proxy = await FaultProxy.start(scene.cluster.adminKubeconfig);
    through = join(directory, 'proxy.kubeconfig');
    writeFileSync(through, proxy.kubeconfig());
  });
  afterAll(() => proxy?.stop());
  const args = () => ['audit', '--kubeconfig', through, '--kubelets', 'none', '--fail-on', 'none'];

  test('a list that expires while it is judged is begun anew, and nothing comes twice', async () => {
    let refused = 0;
    proxy.fault = ({ url }) => {
      if (!url.includes('/certificatesigningrequests') || refused >= 2) return undefined;
      refused += 1;
      return { kind: 'status', status: 410 };
    };
    const { code, stdout } = await runToEnd([...args(), '-o', 'json']);
    const all = stdout.split('\n').filter((line) => line.includes('"kind":"csr"'));
    expect([code, refused, all.length]).toEqual([0, 2, Object.keys(made).length]);
  });

  test('access reviews that fail leave holes, and an audit with holes is not passed', async () => {
    proxy.fault = (request) => (isReview(request) ? { kind: 'status', status: 500 } : undefined);
    const { code, stdout, stderr } = await runToEnd([...args(), '-o', 'sarif']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^error: NotJudged: \d+ could not be judged, .*sar\.selfnodeserver: .*answered 500/,
      ),
    ]);
    expect(JSON.parse(stdout).runs[0].invocations).toEqual([{ executionSuccessful: false }]);
  });

  test('told to stop in the middle, it says that it is not complete', async () => {
    proxy.fault = (request) => (isReview(request) ? { kind: 'hang' } : undefined);
    const before = proxy.passed.length;
    const child = spawn(executable, args(), { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = once(child, 'close');
    await eventually(() => (proxy.passed.slice(before).some(isReview) ? true : undefined));
    child.kill('SIGINT');
    const [code] = await ended;
    expect([code, out, err]).toEqual([
      2,
      '',
      'error: Interrupted: told to stop: the audit is not complete\n',
    ]);
  });
});

describe('permissions', () => {
  interface Rule {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }
  const roles = objectsOf(rbac).filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
  // oxlint-disable-next-line no-unsafe-type-assertion -- applied with strict validation
  const rulesOf = (role: KubeObject) => role['rules'] as Rule[];
  const all = roles.flatMap((role) =>
    rulesOf(role).flatMap((rule) =>
      rule.verbs.map((verb) => [`${verb} ${rule.resources[0] ?? ''}`, role, rule, verb] as const),
    ),
  );

  async function write(role: KubeObject, rules: readonly Rule[]): Promise<void> {
    const namespaces = role['kind'] === 'Role' ? '/namespaces/default' : '';
    const kind = role['kind'] === 'Role' ? 'roles' : 'clusterroles';
    const path = `/apis/rbac.authorization.k8s.io/v1${namespaces}/${kind}/rego-csr-approver-audit`;
    await scene.admin.put(path, { ...asObject(await scene.admin.get(path)), rules });
  }
  /** Until the API server's own copy of its rules says so. */
  async function until(rule: Rule, verb: string, allowed: boolean): Promise<void> {
    const resourceAttributes = {
      verb,
      group: rule.apiGroups[0] ?? '',
      resource: rule.resources[0] ?? '',
      name: rule.resourceNames?.[0] ?? '',
      namespace: 'default',
    };
    await eventually(async () => {
      const review = await createSubjectAccessReview(scene.admin, {
        user: account,
        groups: [],
        resourceAttributes,
      });
      return review.allowed === allowed ? true : undefined;
    });
  }

  test.each(all)('without %s it says so, and does not pass for done', async (_, role, rule, verb) => {
    const verbs = rule.verbs.filter((one) => one !== verb);
    const rules = rulesOf(role).flatMap((one) =>
      one !== rule ? [one] : verbs.length > 0 ? [{ ...one, verbs }] : [],
    );
    await write(role, rules);
    try {
      await until(rule, verb, false);
      const { code, stderr } = await audit('--kubelets', 'none');
      expect(code).toBe(2);
      expect(stderr).toMatch(
        new RegExp(
          `^error: (Forbidden|NotJudged): .*cannot ${verb} resource "${rule.resources[0] ?? ''}"`,
          'm',
        ),
      );
    } finally {
      await write(role, rulesOf(role));
      await until(rule, verb, true);
    }
  });
});

test('of all this the API server has recorded nothing but reads, and access reviews', async () => {
  const calls = readFileSync(join(scene.cluster.dir, auditLog), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line): { user: { username: string }; verb: string; requestURI: string } => JSON.parse(line))
    .filter(({ user }) => user.username === account);
  const kinds = calls.map(({ verb, requestURI }) => `${verb} ${requestURI.replace(/\?.*$/, '')}`);
  const nodes = new RegExp(`^get ${NODE_PATH}/n\\d+$`);
  expect([...new Set(kinds.filter((kind) => !nodes.test(kind)))].sort()).toEqual([
    'create /apis/authorization.k8s.io/v1/subjectaccessreviews',
    'get /api/v1/namespaces/default/services/kubernetes',
    'list /api/v1/nodes',
    'list /apis/certificates.k8s.io/v1/certificatesigningrequests',
    'list /apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    'list /apis/networking.k8s.io/v1/servicecidrs',
  ]);
  expect(kinds.some((kind) => nodes.test(kind))).toBe(true);
});
