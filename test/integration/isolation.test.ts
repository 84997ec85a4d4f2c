import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeDocument, probeFor } from '../../src/decide/probe.ts';
import { readBundleFiles } from '../../src/bundle/files.ts';
import { Isolate } from '../../src/policy/isolate.ts';
import { loadPolicy, type SignerPolicy } from '../../src/policy/policy.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { Approver } from '../support/approver.ts';
import { SimulatedNode } from '../support/simulated-node.ts';
import { ensureTool } from '../tools/ensure.ts';
import { eventually } from '../support/eventually.ts';

const signer = 'kubernetes.io/kubelet-serving';

/** Allows everything that the floor lets through; some names set it a task that it never ends in time. */
const rego = `package spin

# METADATA
# entrypoint: true
# custom:
#   signer_name: ${signer}
decision := {"allow": allow, "deny": set(), "wait": set(), "warn": set(), "config_errors": set()}

default allow := false

allow if {
	not "spin" in input.sans.dns
	not "hog" in input.sans.dns
}

allow if {
	"spin" in input.sans.dns

	# The SDK's regex.split is JavaScript's, which tries every way to cut the text.
	count(regex.split("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")) == 0
}

allow if {
	"hog" in input.sans.dns
	some i in numbers.range(1, 20000)
	some j in numbers.range(1, 20000)
	i * j == -1
}
`;

let directory: string;
let bundle: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'spin-'));
  mkdirSync(join(directory, 'source', 'spin'), { recursive: true });
  writeFileSync(join(directory, 'source', '.manifest'), '{"roots": ["spin"]}');
  writeFileSync(join(directory, 'source', 'spin', 'spin.rego'), rego);
  bundle = join(directory, 'bundle.tar.gz');
  const opa = await ensureTool('opa');
  await promisify(execFile)(opa, ['build', '-b', join(directory, 'source'), '-t', 'wasm', '-o', bundle]);
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const spinning = { ...probeDocument, sans: { ...probeDocument.sans, dns: ['spin'] } };

async function load(isolate: Isolate): Promise<SignerPolicy> {
  const policies = await loadPolicy(
    await readBundleFiles(bundle),
    { signers: [signer], supported: [signer], probe: probeFor },
    isolate,
  );
  const policy = policies.get(signer);
  if (policy === undefined) throw new Error('no policy');
  return policy;
}

describe('a policy that spins', () => {
  test('is ended at its deadline, and those that wait behind it are answered', async () => {
    const isolate = new Isolate({ deadlineMs: 200 });
    const policy = await load(isolate);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 10);
    const [spun, next, last] = await Promise.allSettled([
      policy.evaluate(spinning),
      policy.evaluate(probeDocument),
      policy.evaluate(probeDocument),
    ]);
    clearInterval(ticking);
    expect(spun).toMatchObject({
      status: 'rejected',
      reason: { name: 'EvaluationError', message: 'spin/decision took longer than 200 ms' },
    });
    expect(next).toMatchObject({ status: 'fulfilled', value: { allow: true } });
    expect(last).toMatchObject({ status: 'fulfilled', value: { allow: true } });
    // The main thread went on meanwhile.
    expect(turns).toBeGreaterThan(5);
    await isolate.close();
  });

  test('is ended every time', async () => {
    const isolate = new Isolate({ deadlineMs: 50 });
    const policy = await load(isolate);
    const answers = await Promise.allSettled([1, 2, 3].map(() => policy.evaluate(spinning)));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(policy.evaluate(probeDocument)).resolves.toMatchObject({ allow: true });
    await isolate.close();
  });

  test('fails for want of memory where it takes too much of that', async () => {
    const isolate = new Isolate({ deadlineMs: 10_000, maxMiB: 8 });
    const policy = await load(isolate);
    const hog = { ...probeDocument, sans: { ...probeDocument.sans, dns: ['hog'] } };
    await expect(policy.evaluate(hog)).rejects.toThrow(/opa_malloc/);
    await expect(policy.evaluate(probeDocument)).resolves.toMatchObject({ allow: true });
    await isolate.close();
  });

  test('leaves nobody waiting when it is closed', async () => {
    const isolate = new Isolate({ deadlineMs: 10_000 });
    const policy = await load(isolate);
    const answers = Promise.allSettled([policy.evaluate(spinning), policy.evaluate(probeDocument)]);
    await isolate.close();
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('the program with such a policy', () => {
  let cluster: ControlPlane;
  let approver: Approver;
  let node: SimulatedNode;

  const conditions = (name: string) =>
    cluster.kubectl(['get', 'csr', name, '-o', 'jsonpath={.status.conditions[*].type}']);

  beforeAll(async () => {
    cluster = await startControlPlane();
    approver = await Approver.start({ kubeconfig: cluster.adminKubeconfig, bundle });
    node = await SimulatedNode.join(cluster, 'n1', [{ type: 'InternalIP', address: '10.0.0.1' }]);
  });

  afterAll(async () => {
    await node.close();
    await approver.stop();
    await cluster.stop();
  });

  test('leaves the one request pending and says why, approves the other, and stays alive', async () => {
    const bad = await node.request({ dns: ['spin'], ip: ['10.0.0.1'] });
    const good = await node.request({ dns: ['n1'], ip: ['10.0.0.1'] });
    await eventually(async () => {
      expect(await conditions(good.metadata.name)).toBe('Approved');
      const described = await cluster.kubectl(['describe', 'csr', bad.metadata.name]);
      expect(described).toContain('PolicyFailed: spin/decision took longer than 500 ms');
      return true;
    });
    expect(await conditions(bad.metadata.name)).toBe('');
    expect((await approver.get('/livez')).status).toBe(200);
    expect((await approver.get('/readyz')).status).toBe(200);
  });
});
