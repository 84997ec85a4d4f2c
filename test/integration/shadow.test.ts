import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ShadowStatus } from '../../src/activation/shadow-record.ts';
import { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { opaBundle } from '../support/opa-bundle.ts';
import type { PolicySays } from '../support/policies.ts';
import { neverEnds, PolicyBundles, replaceBy, replaceFile } from '../support/policies.ts';
import { apply, manifests, token } from './install.ts';
import { Scene } from './scene.ts';

/** The shipped program with a candidate policy beside the one in force, on a real control plane. */

const says: Readonly<Record<string, PolicySays>> = {
  allows: { allow: 'input.node.found' },
  denies: { deny: 'true' },
  waits: { wait: 'true' },
  // Not with the self-test: else it is refused before it is ever compared.
  spins: { allow: `{\n\tinput.name != "csr-self-test"\n\t${neverEnds}\n}` },
  aborts: { allow: '{\n\tinput.name != "csr-self-test"\n\tsprintf("%q", ["x"]) == "x"\n}' },
  'wrong-shape': { decision: '{"allow": true}' },
  'other-signer': { allow: 'true', signerName: 'kubernetes.io/kube-apiserver-client-kubelet' },
};

/** Confirms each node by a ConfigMap that nobody grants us. */
const asksMore = `package csr.mine

# METADATA
# entrypoint: true
# custom:
#   signer_name: kubernetes.io/kubelet-serving
#   facts:
#     node: true
#     lookups:
#       inventory: {version: v1, resource: configmaps, namespace: kube-system, name: "inventory-{node_name}"}
decision := {"allow": allow, "deny": set(), "wait": set(), "warn": set(), "config_errors": set()}

default allow := false

allow if input.lookups.inventory.found
`;

const built = new PolicyBundles();
const bundle = (name: string): string => built.path(name);

let scene: Scene;
let approver: Approver | undefined;
/** The candidate's file. */
let file: string;
beforeAll(async () => {
  scene = await Scene.open();
  const folder = mkdtempSync(join(scene.cluster.dir, 'policies-'));
  await built.build(folder, says);
  const files = {
    '.manifest': JSON.stringify({ revision: 'asks-more', roots: ['csr/mine'] }),
    'csr/mine/policy.rego': asksMore,
  };
  built.add('asks-more', await opaBundle(join(folder, 'asks-more'), files));
  file = join(folder, 'candidate.tar.gz');
});
afterAll(() => scene?.close());
afterEach(async () => {
  await approver?.stop();
  approver = undefined;
  await scene.cluster.kubectl(['delete', 'csr', '--all']);
});

interface Start {
  /** In force; the default policy unless said. */
  readonly active?: string;
  readonly config?: string;
  readonly kubeconfig?: string;
  /** Fields of policy.shadow. */
  readonly shadow?: string;
}

/** With a candidate; waits until it is compared, unless there is none that could be. */
async function start(candidate: string | undefined, options: Start = {}): Promise<Approver> {
  const { active, config = '', kubeconfig = scene.cluster.adminKubeconfig } = options;
  rmSync(file, { force: true });
  if (candidate !== undefined) replaceBy(file, bundle(candidate));
  const shadow = options.shadow ?? `bundle: ${file}`;
  approver = await scene.keep(
    Approver.start({
      kubeconfig,
      config: `policy: {shadow: {${shadow}}}\n${config}`,
      ...(active !== undefined && { bundle: bundle(active) }),
    }),
  );
  if (candidate !== undefined) await compared(approver, candidate);
  return approver;
}
const compared = (program: Approver, revision: string) =>
  eventually(
    async () => {
      const { shadow } = await program.status();
      if (shadow?.active_revision !== revision) throw new NotYet(JSON.stringify(shadow));
      return shadow;
    },
    { explain: () => program.log },
  );
const until = (program: Approver, isSo: (status: ShadowStatus) => boolean) =>
  eventually(
    async () => {
      const status = await program.shadow();
      if (!isSo(status)) throw new NotYet(JSON.stringify(status));
      return status;
    },
    { explain: () => program.log },
  );
const samples = async (program: Approver, name: string) =>
  (await program.get('/metrics')).body.split('\n').filter((line) => line.startsWith(`csr_approver_${name}`));
const pair = (active: string, candidate: string) =>
  `csr_approver_shadow_decisions_total{signer="kubernetes.io/kubelet-serving",active="${active}",candidate="${candidate}"}`;
const differences = (program: Approver) => program.lines.filter(({ msg }) => msg === 'shadow differs');

describe('a candidate never acts', () => {
  test('one that denies what is approved denies nothing, and says what it would do', async () => {
    const program = await start('denies', { config: 'onDeny: deny' });
    const log = () => program.log;
    const name = await scene.request(1);
    await scene.condition(name, 'Approved', log);
    const status = await until(program, ({ differing }) => differing.length === 1);
    expect(status).toMatchObject({
      compared: 1,
      drift: { 'approve->deny': 1 },
      differing: [
        {
          csr: name,
          requestor: 'system:node:n1',
          active: { verdict: 'approve', reasons: [] },
          candidate: { verdict: 'deny', reasons: [{ code: 'Strict', msg: 'nobody gets anything' }] },
        },
      ],
    });
    expect(differences(program)).toMatchObject([
      { level: 'info', csr: name, active: { verdict: 'approve' }, candidate: { verdict: 'deny' } },
    ]);
    expect(await samples(program, 'shadow_decisions_total')).toEqual([`${pair('approve', 'deny')} 1`]);
    expect((await scene.conditions(name)).map(({ type }) => type)).toEqual(['Approved']);
    expect(await samples(program, 'approval_writes_total')).toEqual([
      'csr_approver_approval_writes_total{condition="Approved",result="ok"} 1',
      'csr_approver_approval_writes_total{condition="Denied",result="ok"} 0',
    ]);
    expect(await scene.events(name)).toEqual([]);
  });

  test('one that allows what is denied approves nothing', async () => {
    const program = await start('allows', { active: 'denies' });
    const name = await scene.request(1);
    const status = await until(program, ({ differing }) => differing.length === 1);
    expect(status.drift).toEqual({ 'deny->approve': 1 });
    expect(await samples(program, 'approval_writes_total')).toEqual([
      'csr_approver_approval_writes_total{condition="Approved",result="ok"} 0',
      'csr_approver_approval_writes_total{condition="Denied",result="ok"} 0',
    ]);
    expect(await scene.conditions(name)).toEqual([]);
  });

  test('one that allows what the floor denies is of the same mind: it is held to the same floor', async () => {
    const program = await start('allows');
    const name = await scene.request(1, { dns: ['kubernetes.default.svc'] });
    await until(program, (status) => status.compared === 1);
    expect((await program.shadow()).drift).toEqual({});
    expect(await samples(program, 'shadow_decisions_total')).toEqual([`${pair('deny', 'deny')} 1`]);
    expect(await scene.conditions(name)).toEqual([]);
  });
});

test('a request that waits is decided again and again, and told of once', async () => {
  const program = await start('denies', { active: 'waits' });
  await scene.request(1);
  await until(program, ({ differing }) => differing.length === 1);
  const isDecided = () => program.lines.filter(({ msg }) => msg === 'decided').length;
  // A change of the Node has it decided again.
  for (const mark of ['1', '2', '3']) {
    const before = isDecided();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await scene.cluster.kubectl(['annotate', 'node', 'n1', `mark=${mark}`, '--overwrite']);
    const node = await scene.node(1);
    // oxlint-disable-next-line no-await-in-loop
    await scene.cluster.kubectl([
      'patch',
      'node',
      node.name,
      '--subresource=status',
      '--type=merge',
      '-p',
      addresses(mark),
    ]);
    // oxlint-disable-next-line no-await-in-loop
    await eventually(() => (isDecided() > before ? true : undefined), { explain: () => program.log });
  }
  expect(await program.shadow()).toMatchObject({ compared: 1, drift: { 'wait->deny': 1 } });
  expect(differences(program)).toHaveLength(1);
});
const addresses = (mark: string) =>
  JSON.stringify({
    status: {
      addresses: [
        { type: 'InternalIP', address: '10.0.0.1' },
        { type: 'Hostname', address: 'n1' },
        { type: 'InternalDNS', address: `n1-${mark}.example.com` },
      ],
    },
  });

test('a fact that the candidate alone asks for, and may not read, is its own error', async () => {
  await apply(scene, await manifests(scene));
  const proxy = await scene.cluster.kubectl(['config', 'view', '--raw', '-o', 'json'], {
    kubeconfig: scene.cluster.adminKubeconfig,
  });
  const config: { users: { name: string; user: object }[] } = JSON.parse(proxy);
  for (const user of config.users) user.user = { token: await token(scene) };
  const kubeconfig = join(scene.cluster.dir, 'installed.kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(config));
  const program = await start('asks-more', { kubeconfig });
  const name = await scene.request(1);
  await scene.condition(name, 'Approved', () => program.log);
  const { differing } = await until(program, (status) => status.differing.length === 1);
  expect(differing[0]).toMatchObject({
    csr: name,
    active: { verdict: 'approve' },
    candidate: {
      verdict: 'error',
      reasons: [{ code: 'FactUnavailable', msg: expect.stringMatching(/^lookups\.inventory: .*configmaps/) }],
    },
  });
  expect(program.lines.filter(({ verdict }) => verdict === 'error')).toEqual([]);
});

describe('a candidate that is no good as a program', () => {
  test('spins: all are approved as if it were not there, and it can be ended', async () => {
    const program = await start('spins');
    const log = () => program.log;
    const numbers = Array.from({ length: 50 }, (_, index) => (index % 10) + 1);
    const names = await Promise.all(numbers.map((number) => scene.request(number)));
    await Promise.all(names.map((name) => scene.condition(name, 'Approved', log)));
    const { drift, differing, dropped } = await until(program, (status) => status.compared > 0);
    expect(Object.keys(drift)).toEqual(['approve->error']);
    expect(differing[0]?.candidate.reasons).toMatchObject([{ code: 'PolicyTimeout' }]);
    expect(dropped).toBe(0);
    // The others wait for it still.
    expect(differing.length).toBeLessThan(50);
    expect(await program.get('/livez')).toMatchObject({ status: 200 });
    expect(await program.get('/readyz')).toMatchObject({ status: 200 });
    expect(await program.stop()).toBe(0);
    expect(program.lines.at(-1)).toMatchObject({ msg: 'stopped', finished: true });
  });

  test('aborts', async () => {
    const program = await start('aborts');
    const name = await scene.request(1);
    await scene.condition(name, 'Approved', () => program.log);
    const { differing } = await until(program, (status) => status.differing.length === 1);
    expect(differing[0]?.candidate).toMatchObject({ verdict: 'error', reasons: [{ code: 'PolicyFailed' }] });
  });
});

const refused = (program: Approver, code: string) =>
  eventually(
    async () => {
      const { shadow } = await program.status();
      if (shadow?.errors?.[0]?.code !== code) throw new NotYet(JSON.stringify(shadow));
      return shadow;
    },
    { explain: () => program.log },
  );

describe('a candidate that cannot be loaded', () => {
  test.each<[string, string, string]>([
    ['is not there', 'bundle: /nowhere/bundle.tar.gz', 'BundleNotFound'],
    ['is fetched by a way that anybody can change', 'bundle: "http://192.0.2.1/b.tar.gz"', 'SourceInsecure'],
    ['has a key that cannot be read', 'keys: {a: {algorithm: RS256, file: /nowhere.pem}}', 'KeyUnreadable'],
    ['has an overlay that cannot be read', 'data: [/nowhere.yaml]', 'OverlayUnreadable'],
  ])('because it %s: the program is ready and decides', async (_, shadow, code) => {
    const program = await start(undefined, { shadow });
    await scene.condition(await scene.request(1), 'Approved', () => program.log);
    expect(await refused(program, code)).not.toHaveProperty('active_revision');
    expect(program.log).toContain(code);
    expect(await program.get('/readyz')).toMatchObject({ status: 200 });
    expect(await program.shadow()).toMatchObject({ compared: 0, differing: [] });
    expect(await program.stop()).toBe(0);
  });

  test.each(['wrong-shape', 'other-signer'])('%s: until a good one comes', async (name) => {
    const program = await start(undefined);
    replaceBy(file, bundle(name));
    await refused(program, name === 'wrong-shape' ? 'DecisionInvalid' : 'EntrypointMissing');
    expect(await samples(program, 'policy_stale')).toContain('csr_approver_policy_stale{bundle="shadow"} 1');
    expect(await samples(program, 'policy_stale')).toContain('csr_approver_policy_stale{bundle="policy"} 0');
    replaceBy(file, bundle('denies'));
    await compared(program, 'denies');
    await scene.condition(await scene.request(1), 'Approved', () => program.log);
    await until(program, ({ differing }) => differing.length === 1);
  });
});

test('another candidate is compared anew, and a bad one leaves the last', async () => {
  const program = await start('denies');
  const log = () => program.log;
  await scene.condition(await scene.request(1), 'Approved', log);
  await until(program, ({ differing }) => differing.length === 1);
  replaceBy(file, bundle('waits'));
  await compared(program, 'waits');
  expect(await program.shadow()).toMatchObject({ compared: 0, drift: {}, differing: [] });
  replaceFile(file, 'hello');
  await eventually(async () => ((await program.status())['shadow']?.code === undefined ? undefined : true));
  await scene.condition(await scene.request(2), 'Approved', log);
  const { drift } = await until(program, ({ differing }) => differing.length === 1);
  expect(drift).toEqual({ 'approve->wait': 1 });
  expect(await samples(program, 'shadow_decisions_total')).toEqual([
    `${pair('approve', 'deny')} 1`,
    `${pair('approve', 'wait')} 1`,
  ]);
  expect(await samples(program, 'policy_info{bundle="shadow"')).toEqual([
    'csr_approver_policy_info{bundle="shadow",revision="waits"} 1',
  ]);
  // The policy in force is none of this.
  expect((await program.status())['policy']).not.toHaveProperty('code');
});

test('without a bundle it is the default policy, which agrees with itself', async () => {
  const program = await start(undefined, { shadow: '' });
  await eventually(async () =>
    (await program.status())['shadow']?.active_revision === undefined ? undefined : true,
  );
  await scene.condition(await scene.request(1), 'Approved', () => program.log);
  expect(await until(program, (status) => status.compared === 1)).toMatchObject({ drift: {}, differing: [] });
});

test('without a bundle beside one in force it is the default policy still, which is told', async () => {
  const program = await start(undefined, { shadow: '', active: 'allows' });
  await eventually(async () =>
    (await program.status())['shadow']?.active_revision === undefined ? undefined : true,
  );
  expect((await program.status())['shadow']?.active_revision).not.toBe('allows');
  expect(program.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', msg: expect.stringContaining('policy.shadow has no bundle') }),
  );
});
