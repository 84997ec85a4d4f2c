import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listAll } from '../../src/kube/list.ts';
import { apiPath } from '../../src/kube/path.ts';
import { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import type { PolicySays } from '../support/policies.ts';
import { neverEnds, policyBundle, PolicyBundles, replaceBy, replaceFile } from '../support/policies.ts';
import { Scene } from './scene.ts';

/** The shipped program, and a policy that is replaced while it runs. */

const namespace = 'default';
const says: Readonly<Record<string, PolicySays>> = {
  allows: { allow: 'input.node.found' },
  'allows-too': { allow: 'input.sar.own.allowed' },
  waits: { wait: 'true' },
  denies: { deny: 'true' },
  'wrong-shape': { decision: '{"allow": true}' },
  undefined: { decision: 'true if input.name == "another"' },
  'config-errors': { allow: 'true', configErrors: 'true' },
  'other-signer': { allow: 'true', signerName: 'kubernetes.io/kube-apiserver-client-kubelet' },
  'unknown-signer': { allow: 'true', signerName: 'example.com/serving' },
  builtin: { allow: 'crypto.sha256(input.name) != "x"' },
  loops: { allow: neverEnds },
  pads: { allow: 'sprintf("%400000000d", [1]) == "x"' },
};
const built = new PolicyBundles();
const bundle = (name: string): string => built.path(name);

let scene: Scene;
let approver: Approver | undefined;
/** The Pod that it believes to be in: another one each time. */
let uid: string;
/** What the program is told to use. */
let file: string;
beforeAll(async () => {
  scene = await Scene.open();
  const folder = mkdtempSync(join(scene.cluster.dir, 'policies-'));
  await built.build(folder, says);
  file = join(folder, 'bundle.tar.gz');
  await Promise.all([1, 2].map((number) => scene.node(number)));
});
afterAll(() => scene?.close());
afterEach(async () => {
  await approver?.stop();
  approver = undefined;
  await scene.cluster.kubectl(['delete', 'csr', '--all']);
});

const start = async (
  name: string,
  { config = '', kubeconfig = scene.cluster.adminKubeconfig, path = file } = {},
): Promise<Approver> => {
  if (path === file) replaceBy(file, bundle(name));
  uid = randomUUID();
  const env = { POD_NAME: 'approver-1', POD_NAMESPACE: namespace, POD_UID: uid };
  approver = await scene.keep(Approver.start({ kubeconfig, config, bundle: path, env }));
  return approver;
};
const inForce = (program: Approver, revision: string) =>
  eventually(
    async () => {
      const { policy } = await program.status();
      if (policy?.active_revision !== revision) throw new NotYet(JSON.stringify(policy));
      return policy;
    },
    { explain: () => program.log },
  );
const sample = async (program: Approver, name: string) => {
  const { body } = await program.get('/metrics');
  return new RegExp(`^csr_approver_${name.replaceAll(/[{}"]/g, String.raw`\$&`)} (\\S+)$`, 'm').exec(
    body,
  )?.[1];
};
const podEvents = async () => {
  const path = apiPath('apis', 'events.k8s.io', 'v1', 'namespaces', namespace, 'events');
  const events = (await listAll(scene.admin, path)) as Record<string, unknown>[];
  const mine = events.filter(({ regarding }) => JSON.stringify(regarding).includes(uid));
  return mine.map(({ type, reason, note }) => `${String(type)} ${String(reason)} ${String(note)}`);
};
const podEvent = (pattern: RegExp, program: Approver) =>
  eventually(
    async () => {
      const events = await podEvents();
      if (!events.some((event) => pattern.test(event))) throw new NotYet(JSON.stringify(events));
      return true;
    },
    { explain: () => program.log },
  );

describe('a better policy decides what waits', () => {
  test('at once, although the old one had asked to be left alone for an hour', async () => {
    const program = await start('waits');
    const log = () => program.log;
    const name = await scene.request(1);
    await scene.event(name, /PolicyWaiting NotYet/, log);
    replaceBy(file, bundle('allows'));
    expect(await scene.condition(name, 'Approved', log)).toMatchObject({
      message: expect.stringContaining('csr/mine/decision of policy revision allows '),
    });
    await podEvent(/^Normal PolicyActivated policy revision allows is in force$/, program);
    expect(await inForce(program, 'allows')).not.toHaveProperty('code');
    expect(await sample(program, 'policy_info{bundle="policy",revision="allows"}')).toBe('1');
    expect(await sample(program, 'policy_info{bundle="policy",revision="waits"}')).toBeUndefined();
    expect(await sample(program, 'policy_activations_total{bundle="policy",result="activated"}')).toBe('2');
    // The floor was not offered, and cannot be refused.
    expect(
      await sample(program, 'policy_activations_total{bundle="floor",result="activated"}'),
    ).toBeUndefined();
    const fetched = 'policy_last_successful_fetch_timestamp_seconds{bundle="policy"}';
    expect(Number(await sample(program, fetched))).toBeGreaterThan(1_700_000_000);
  });

  test('or denies it, by the codes that it declares', async () => {
    const program = await start('waits', { config: 'onDeny: deny' });
    const log = () => program.log;
    const name = await scene.request(1);
    await scene.event(name, /PolicyWaiting NotYet/, log);
    replaceBy(file, bundle('denies'));
    expect(await scene.condition(name, 'Denied', log)).toMatchObject({
      message: expect.stringContaining('Strict: nobody gets anything'),
    });
    const reason =
      'decision_reasons_total{signer="kubernetes.io/kubelet-serving",verdict="deny",code="Strict"}';
    expect(await sample(program, reason)).toBe('1');
  });
});

const isReview = ({ url }: { url: string }) => url.includes('subjectaccessreviews');

test('a request that is being decided while the policy changes is decided by the new one', async () => {
  const proxy = await FaultProxy.start(scene.cluster.adminKubeconfig);
  const kubeconfig = join(scene.cluster.dir, 'held.kubeconfig');
  writeFileSync(kubeconfig, proxy.kubeconfig());
  let release: (() => void) | undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  try {
    const program = await start('allows', { kubeconfig, config: 'onDeny: deny' });
    proxy.fault = (request) => (isReview(request) ? { kind: 'hold', until } : undefined);
    const name = await scene.request(1);
    await eventually(() => (proxy.passed.some(isReview) ? true : undefined));
    replaceBy(file, bundle('denies'));
    await inForce(program, 'denies');
    expect(await scene.conditions(name)).toEqual([]);
    release?.();
    await scene.condition(name, 'Denied', () => program.log);
    expect(program.lines.filter(({ verdict }) => verdict === 'approve')).toEqual([]);
    await eventually(() => (program.lines.some(({ msg }) => msg === 'wrote') ? true : undefined));
    expect(program.lines.filter(({ msg }) => msg === 'wrote')).toHaveLength(1);
  } finally {
    release?.();
    await approver?.stop();
    await proxy.stop();
  }
});

const half = () => readFileSync(bundle('allows')).subarray(0, 2000);

describe('a bad bundle leaves the policy in force, and says why, until a good one comes', () => {
  test.each<[string, () => Uint8Array | string, string]>([
    ['half of an archive', half, 'BundleUnreadable'],
    ['no archive', () => 'hello', 'BundleUnreadable'],
    ['a decision of another shape', () => readFileSync(bundle('wrong-shape')), 'DecisionInvalid'],
    ['a decision that is undefined', () => readFileSync(bundle('undefined')), 'DecisionInvalid'],
    ['a configuration error', () => readFileSync(bundle('config-errors')), 'ConfigErrors'],
    ['another signer', () => readFileSync(bundle('other-signer')), 'EntrypointMissing'],
    ['a signer without a floor', () => readFileSync(bundle('unknown-signer')), 'SignerNotSupported'],
    ['a function that is not there', () => readFileSync(bundle('builtin')), 'BuiltinUnsupported'],
    ['a rule that never ends', () => readFileSync(bundle('loops')), 'DecisionInvalid'],
    ['a rule that takes more than there is', () => readFileSync(bundle('pads')), 'DecisionInvalid'],
  ])('%s', async (_, content, code) => {
    const program = await start('allows');
    const log = () => program.log;
    replaceFile(file, content());
    await eventually(
      async () => {
        const { policy } = await program.status();
        if (policy?.errors?.[0]?.code !== code) throw new NotYet(JSON.stringify(policy));
        expect(policy).toMatchObject({ active_revision: 'allows', code: 'bundle_error' });
        return true;
      },
      { withinMs: 30_000, explain: log },
    );
    await podEvent(new RegExp(`^Warning PolicyRejected revision allows stays in force; ${code}: `), program);
    expect(await sample(program, 'policy_stale{bundle="policy"}')).toBe('1');
    expect(await sample(program, 'policy_activations_total{bundle="policy",result="refused"}')).toBe('1');
    // It could be fetched, and that it is no good is said once, with its name.
    expect(await sample(program, 'policy_download_errors_total{bundle="policy"}')).toBe('0');
    const said = program.lines.filter(({ level, msg }) => level !== 'info' && String(msg).includes('polic'));
    expect(said).toEqual([
      expect.objectContaining({ level: 'error', code, msg: expect.stringContaining(`: bundle ${file}: `) }),
    ]);
    // It is ready, and decides by what it has.
    expect(await program.get('/readyz')).toMatchObject({
      status: 200,
      body: expect.stringContaining('[+] policy'),
    });
    await scene.condition(await scene.request(1), 'Approved', log);
    replaceBy(file, bundle('allows-too'));
    expect(await inForce(program, 'allows-too')).not.toHaveProperty('code');
    expect(await sample(program, 'policy_stale{bundle="policy"}')).toBe('0');
    const { message } = await scene.condition(await scene.request(2), 'Approved', log);
    expect(message).toContain('revision allows-too ');
  });

  test('and the one that was there before is good again', async () => {
    const program = await start('allows');
    replaceFile(file, half());
    await eventually(async () =>
      (await program.status())['policy']?.errors === undefined ? undefined : true,
    );
    replaceBy(file, bundle('allows'));
    await eventually(
      async () => ((await program.status())['policy']?.errors === undefined ? true : undefined),
      {
        explain: () => program.log,
      },
    );
    expect(await sample(program, 'policy_stale{bundle="policy"}')).toBe('0');
  });

  test('a file that is gone is no bundle at all: it is waited for', async () => {
    const program = await start('allows');
    rmSync(file);
    await eventually(async () => {
      const { policy } = await program.status();
      return policy?.errors?.[0]?.code === 'BundleNotFound' ? true : undefined;
    });
    expect(await sample(program, 'policy_stale{bundle="policy"}')).toBe('0');
    expect(Number(await sample(program, 'policy_download_errors_total{bundle="policy"}'))).toBeGreaterThan(0);
    replaceBy(file, bundle('allows-too'));
    expect(await inForce(program, 'allows-too')).not.toHaveProperty('code');
  });
});

describe('a link that is swapped', () => {
  test("is seen in a ConfigMap's mount", async () => {
    const mount = mkdtempSync(join(scene.cluster.dir, 'mount-'));
    const publish = (version: string, name: string) => {
      mkdirSync(join(mount, `..${version}`));
      writeFileSync(join(mount, `..${version}`, 'bundle.tar.gz'), readFileSync(bundle(name)));
      symlinkSync(`..${version}`, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    publish('2026_1', 'allows');
    symlinkSync('..data/bundle.tar.gz', join(mount, 'bundle.tar.gz'));
    const program = await start('', { path: join(mount, 'bundle.tar.gz') });
    publish('2026_2', 'denies');
    await inForce(program, 'denies');
  });

  test('is seen where it leads to an unpacked directory', async () => {
    const root = mkdtempSync(join(scene.cluster.dir, 'unpacked-'));
    const publish = async (name: string) => {
      mkdirSync(join(root, name));
      // The reader of archives and the one of directories must see the same.
      const { unpackBundle } = await import('../../src/bundle/files.ts');
      for (const [path, content] of await unpackBundle(readFileSync(bundle(name)))) {
        mkdirSync(join(root, name, path, '..'), { recursive: true });
        writeFileSync(join(root, name, path), content);
      }
      symlinkSync(name, join(root, 'new'));
      renameSync(join(root, 'new'), join(root, 'current'));
    };
    await publish('allows');
    const program = await start('', { path: join(root, 'current') });
    await publish('denies');
    await inForce(program, 'denies');
  });
});

test('fifty swaps, bad ones among them, while requests come: the good are approved, and nothing is left behind', async () => {
  const program = await start('allows');
  const log = () => program.log;
  await scene.condition(await scene.request(1), 'Approved', log);
  const before = await program.usage();
  const kinds = ['allows-too', 'allows', 'config-errors', 'allows', 'allows-too'];
  const good: string[] = [];
  const forged: string[] = [];
  for (let swap = 0; swap < 50; swap += 1) {
    replaceBy(file, bundle(kinds[swap % kinds.length] ?? ''));
    // oxlint-disable-next-line no-await-in-loop -- requests come one after the other
    good.push(await scene.request((swap % 2) + 1));
    // oxlint-disable-next-line no-await-in-loop
    if (swap % 5 === 0) forged.push(await scene.request(1, { dns: ['kubernetes.default.svc'] }));
  }
  await inForce(program, 'allows-too');
  const approved = await Promise.all(good.map((name) => scene.condition(name, 'Approved', log)));
  for (const { message } of approved) expect(message).toMatch(/policy revision allows(-too)? /);
  expect((await Promise.all(forged.map((name) => scene.conditions(name)))).flat()).toEqual([]);
  await eventually(async () => ((await program.usage()).workers === before.workers ? true : undefined), {
    explain: log,
  });
  // The Deployment's limit.
  expect((await program.usage()).residentMiB).toBeLessThan(384);
});

test('SIGTERM in the middle of an activation ends it in order', async () => {
  const program = await start('allows');
  const { workers } = await program.usage();
  replaceBy(file, bundle('loops'));
  await eventually(async () => ((await program.usage()).workers > workers ? true : undefined));
  expect(await program.stop()).toBe(0);
  expect(program.lines.at(-1)).toMatchObject({ msg: 'stopped', finished: true });
  // It was cut short: nothing was found against it.
  expect(program.log).not.toContain('refused');
});

test('SIGTERM while the first policy is being loaded ends it too', async () => {
  replaceBy(file, bundle('loops'));
  const starting = Approver.launch({ kubeconfig: scene.cluster.adminKubeconfig, bundle: file });
  approver = starting;
  await eventually(async () => ((await starting.usage()).workers > 0 ? true : undefined));
  expect(await starting.stop()).toBe(0);
  expect(starting.log).not.toContain('refused');
});

const cacheOf = () => mkdtempSync(join(scene.cluster.dir, 'cache-'));

describe('a policy of a bundle server', () => {
  let server: Server;
  let served: string | undefined;
  let asked: number;
  const port = () => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const config = (cacheDirectory: string) => `policy:
  bundle: http://127.0.0.1:${String(port())}/bundle.tar.gz
  cacheDirectory: ${cacheDirectory}
  polling: {minDelaySeconds: 1, maxDelaySeconds: 1}
`;
  beforeEach(async () => {
    served = undefined;
    asked = 0;
    server = createServer((_, response) => {
      asked += 1;
      if (served === undefined) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'application/gzip' }).end(readFileSync(bundle(served)));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });
  const begin = async (cache: string): Promise<Approver> => {
    const { adminKubeconfig: kubeconfig } = scene.cluster;
    approver = await scene.keep(Approver.start({ kubeconfig, config: config(cache), ready: false }));
    return approver;
  };
  test('is waited for where there is none: nothing is decided, and it says why', async () => {
    const program = await begin(cacheOf());
    const name = await scene.request(1);
    await eventually(async () => {
      const { status, body } = await program.get('/readyz');
      if (status !== 503 || !/\[-\] policy: none is in force: Source/.test(body)) throw new NotYet(body);
      return true;
    });
    await eventually(() => (asked > 2 ? true : undefined));
    expect((await program.get('/livez')).status).toBe(200);
    expect(await scene.events(name)).toEqual([]);
    expect(await scene.conditions(name)).toEqual([]);
    served = 'allows';
    await scene.condition(name, 'Approved', () => program.log);
    await eventually(async () => ((await program.get('/readyz')).status === 200 ? true : undefined));
  });

  test('is taken from the cache where the server is gone, and from the server when it is back', async () => {
    const cache = cacheOf();
    served = 'allows';
    const first = await begin(cache);
    await inForce(first, 'allows');
    await eventually(() => (readdirSync(cache).some((name) => name.endsWith('.bundle')) ? true : undefined));
    await first.stop();
    served = undefined;
    const second = await begin(cache);
    await inForce(second, 'allows');
    await scene.condition(await scene.request(1), 'Approved', () => second.log);
    served = 'denies';
    await inForce(second, 'denies');
  });

  test('that it may not use is refused, and what is in the cache is used instead', async () => {
    const cache = cacheOf();
    served = 'allows';
    await inForce(await begin(cache), 'allows');
    await eventually(() => (readdirSync(cache).some((name) => name.endsWith('.bundle')) ? true : undefined));
    await approver?.stop();
    served = 'config-errors';
    const program = await begin(cache);
    expect(await inForce(program, 'allows')).toBeDefined();
    expect((await program.get('/readyz')).body).toContain('[+] policy');
  });
});

test('a data overlay that changes is laid over the bundle in force, and a bad one is not', async () => {
  const overlay = join(scene.cluster.dir, 'overlay.yaml');
  const knob = (text: string) => replaceFile(overlay, `csr: {kubelet_serving: {config: {${text}}}}\n`);
  knob('newest_only: true');
  const { adminKubeconfig: kubeconfig } = scene.cluster;
  approver = await scene.keep(Approver.start({ kubeconfig, config: `policy: {data: [${overlay}]}` }));
  const program = approver;
  const log = () => program.log;
  await scene.condition(await scene.request(1), 'Approved', log);
  knob('no_such_knob: 1');
  await eventually(async () => {
    const { policy } = await program.status();
    if (policy?.errors?.[0]?.code !== 'OverlayPathUnknown') throw new NotYet(JSON.stringify(policy));
    return true;
  });
  expect(await sample(program, 'policy_stale{bundle="policy"}')).toBe('1');
  await scene.condition(await scene.request(2), 'Approved', log);
  knob('reserved_cidrs: [10.0.0.0/24]');
  await eventually(async () =>
    (await sample(program, 'policy_stale{bundle="policy"}')) === '0' ? true : undefined,
  );
  const held = await scene.request(1);
  await scene.event(held, /PolicyDenied /, log);
  knob('newest_only: true');
  await scene.condition(held, 'Approved', log);
});

test('keys are read anew for each bundle: an unsigned one is refused, one of a new key is taken', async () => {
  const folder = mkdtempSync(join(scene.cluster.dir, 'signed-'));
  const secret = join(folder, 'secret');
  const signed = (revision: string, key: string) => {
    const flags = ['--signing-alg', 'HS256', '--signing-key', key];
    return policyBundle(folder, revision, { allow: 'input.node.found' }, flags);
  };
  const [first, second] = ['a'.repeat(40), 'b'.repeat(40)];
  const bundles = [await signed('first', first), await signed('second', second)];
  writeFileSync(secret, first);
  replaceBy(file, bundles[0] ?? '');
  const config = `policy: {keys: {default: {algorithm: HS256, file: ${secret}}}}`;
  approver = await scene.keep(
    Approver.start({ kubeconfig: scene.cluster.adminKubeconfig, config, bundle: file }),
  );
  const program = approver;
  const refused = (code: string) =>
    eventually(async () => {
      const { policy } = await program.status();
      if (policy?.errors?.[0]?.code !== code) throw new NotYet(JSON.stringify(policy));
      return policy;
    });
  replaceBy(file, bundle('allows'));
  expect(await refused('SignatureMissing')).toMatchObject({ active_revision: 'first' });
  replaceBy(file, bundles[1] ?? '');
  expect(await refused('SignatureInvalid')).toMatchObject({ active_revision: 'first' });
  // The same bundle is good once the key is there.
  replaceFile(secret, second);
  expect(await inForce(program, 'second')).not.toHaveProperty('code');
  expect(program.log).not.toContain(second);
});
