import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { runToEnd } from './program.ts';
import { Scene } from './scene.ts';

/** What configuration changes, one program after another on one cluster. */

let scene: Scene;
let approver: Approver | undefined;
beforeAll(async () => {
  scene = await Scene.open();
  await Promise.all([1, 2].map((number) => scene.node(number)));
});
afterAll(() => scene?.close());
afterEach(async () => {
  await approver?.stop();
  approver = undefined;
});

const start = async (config = '', ready = true): Promise<Approver> => {
  approver = await scene.keep(Approver.start({ kubeconfig: scene.cluster.adminKubeconfig, config, ready }));
  return approver;
};
const pending = async () => (await scene.cluster.kubectl(['get', 'csr'])).match(/Pending/g)?.length ?? 0;

describe('onDeny: deny', () => {
  test('writes Denied with the reason for what is a definite violation, and for nothing else', async () => {
    const program = await start('onDeny: deny');
    const log = () => program.log;
    const forged = await scene.request(1, { dns: ['kubernetes.default.svc'] });
    const undecidable = await scene.request(1, { ip: ['10.0.0.2'] });
    expect(await scene.condition(forged, 'Denied', log)).toMatchObject({
      status: 'True',
      reason: 'PolicyDenied',
      message: expect.stringMatching(/NameReserved: .*kubernetes\.default\.svc/),
    });
    await scene.event(undecidable, /PolicyWaiting/, log);
    await scene.condition(await scene.request(1), 'Approved', log);
    expect(await scene.conditions(undecidable)).toEqual([]);
    expect(await scene.events(forged)).toEqual([expect.stringMatching(/^PolicyDenied NameReserved/)]);
    await scene.deleteCSR(undecidable);
  });
});

describe('enforcement: dryrun', () => {
  test('decides, says what it would do, and writes nothing', async () => {
    const program = await start('enforcement: dryrun\nonDeny: deny');
    const log = () => program.log;
    const good = await scene.request(1);
    const forged = await scene.request(1, { dns: ['kubernetes.default.svc'] });
    const before = await Promise.all([scene.csr(good), scene.csr(forged)]);
    await scene.event(good, /^PolicyWouldAllow allowed; nothing is written/, log);
    await scene.event(forged, /^PolicyDenied NameReserved/, log);
    expect(await Promise.all([scene.csr(good), scene.csr(forged)])).toEqual(before);
    expect((await program.get('/metrics')).body).not.toMatch(/approval_writes_total\{.*\} [1-9]/);
    const said = program.lines.find(({ msg, csr }) => msg === 'decided' && csr === good);
    const policies = (await program.status())['policy'];
    expect(said).toMatchObject({ enforcement: 'dryrun', revision: policies?.active_revision ?? '' });
    await Promise.all([good, forged].map((name) => scene.deleteCSR(name)));
  });
});

describe('a start', () => {
  test('with a backlog decides all of it', async () => {
    const names = await Promise.all(
      Array.from({ length: 60 }, (_, index) => scene.request((index % 2) + 1, { key: 'P-256' })),
    );
    expect(await pending()).toBe(60);
    const program = await start();
    await Promise.all(names.map((name) => scene.condition(name, 'Approved', () => program.log)));
    expect(program.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('again on the same cluster finds its work done', async () => {
    const program = await start();
    await scene.condition(await scene.request(1), 'Approved', () => program.log);
    await program.stop();
    expect(program.lines.filter(({ msg }) => msg === 'wrote')).toHaveLength(1);
  });

  test.each<[string, string, string]>([
    ['pod ranges', 'cluster: {podCIDRs: [10.0.0.0/24]}', '10.0.0.1'],
    ['addresses of the API server', 'cluster: {apiAddresses: [10.0.0.1]}', '10.0.0.1'],
    ['service ranges', 'cluster: {serviceCIDRs: [10.0.0.0/28]}', '10.0.0.1'],
    ['names of the API server', 'cluster: {apiNames: [n1]}', 'n1'],
    ['the cap on addresses', 'limits: {maxNodeAddresses: 1}', 'cap'],
    ['the cap on SANs', 'limits: {maxSANs: 1}', ''],
  ])('is held to what configuration adds: %s', async (_, config, shown) => {
    const program = await start(config);
    const name = await scene.request(1);
    expect(await scene.event(name, /^Policy(Denied|Waiting) /, () => program.log)).toContain(shown);
    expect(await scene.conditions(name)).toEqual([]);
    await scene.deleteCSR(name);
  });
});

const overlay = (config: object): string => {
  const file = join(mkdtempSync(join(scene.cluster.dir, 'data-')), 'knobs.json');
  writeFileSync(file, JSON.stringify({ csr: { kubelet_serving: { config } } }));
  return `policy: {data: [${file}]}`;
};

describe('a data overlay', () => {
  test('is decided by', async () => {
    const program = await start(overlay({ reserved_names: ['n1'] }));
    const [held, other] = await Promise.all([scene.request(1), scene.request(2)]);
    await scene.event(held, /^PolicyDenied NameReservedByConfig/, () => program.log);
    // Whoever audits the approval sees that the knobs were others than the bundle's.
    expect(await scene.condition(other, 'Approved', () => program.log)).toMatchObject({
      message: expect.stringMatching(/ of policy revision \S+\+data\.[0-9a-f]{16} /),
    });
    await scene.deleteCSR(held);
  });
});

test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
  '%s ends it in order and soon, whatever waits',
  async (signal) => {
    const program = await start();
    const waiting = await scene.request(1, { ip: ['10.0.0.2'] });
    await scene.event(waiting, /SANClaimed/, () => program.log);
    const startedAt = performance.now();
    expect(await program.stop(signal)).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(program.lines.at(-1)).toMatchObject({ msg: 'stopped', finished: true });
    await scene.deleteCSR(waiting);
  },
);

test('an API server that goes away and comes back is waited for', async () => {
  const program = await start();
  await scene.cluster.apiserver.kill('SIGKILL');
  await scene.cluster.apiserver.start();
  const name = await eventually(() => scene.request(1), { withinMs: 30_000 });
  await scene.condition(name, 'Approved', () => program.log);
});

test.each(['server', 'admin'])(
  'a port of `%s` that another one has ends the start, and is named',
  async (field) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    try {
      const address = taken.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const file = join(mkdtempSync(join(scene.cluster.dir, 'ports-')), 'config.yaml');
      const listeners = ['server', 'admin'].map(
        (name) => `${name}: {address: 127.0.0.1, port: ${String(name === field ? port : 0)}}\n`,
      );
      const head = 'apiVersion: rego-csr-approver/v1alpha1\nkind: ApproverConfiguration\n';
      writeFileSync(file, head + listeners.join(''));
      const args = ['run', '--kubeconfig', scene.cluster.adminKubeconfig, '--config', file];
      const { code, stderr } = await runToEnd(args);
      expect(stderr.trimEnd().split('\n').at(-1)).toBe(
        `error: PortUnavailable: ${field}.port ${String(port)} on 127.0.0.1 is in use: set another \`${field}.port\``,
      );
      expect(code).toBe(2);
    } finally {
      taken.close();
    }
  },
);
