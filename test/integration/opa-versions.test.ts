import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { run } from '../support/command-line.ts';
import { csrObject } from '../support/csr-object.ts';
import { ensureTool } from '../tools/ensure.ts';
import { findTool } from '../tools/tools.ts';
import { cluster, nodes } from '../unit/cli/files.ts';

/** Bundles of opa as it was when version 1 began, in between, and now: built, signed, and the same decisions. */

const exec = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'opa-versions-test-'));
afterAll(() => rmSync(root, { recursive: true }));
const tools = ['opa@1.0', 'opa@1.13', 'opa'];

const file = (name: string, content: string): string => {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};

/** No template strings, which came with 1.12; else all kinds of things that are compiled. */
file(
  'policy/csr/mine/decision.rego',
  `# METADATA
# scope: package
# title: a policy of its time
package csr.mine

# METADATA
# entrypoint: true
# custom:
#   signer_name: kubernetes.io/kubelet-serving
#   facts: {node: true}
decision := {"allow": allow, "deny": deny, "wait": wait, "warn": set(), "config_errors": config_errors}

default allow := false

allow if {
	input.node.found
	count(deny) == 0
	every ip in input.sans.ip {
		some cidr in data.csr.mine.config.cidrs
		net.cidr_contains(cidr, ip)
	}
}

# METADATA
# custom: {code: NameUnknown}
deny contains {"code": rego.metadata.rule().custom.code, "msg": concat(" ", ["not ours:", name])} if {
	some name in input.sans.dns
	not regex.match(data.csr.mine.config.names, name)
}

# METADATA
# custom: {code: NoNode}
wait contains {"code": rego.metadata.rule().custom.code, "msg": "no Node"} if not input.node.found

config_errors contains "no ranges" if count(data.csr.mine.config.cidrs) == 0
`,
);
file(
  'policy/csr/mine/data.yaml',
  'config: {cidrs: [10.0.0.0/8, "fd00::/8"], names: "^n[0-9]+$", limit: 1.0}',
);
file('policy/.manifest', '{"roots": ["csr/mine"], "metadata": {"a": "<b>"}}');

const requests = {
  good: {},
  'a name that is not ours': { request: { dns: ['db'] } },
  'an address that is not ours': { request: { dns: ['n1'], ip: ['192.0.2.9'] } },
  'a node that is not there': { username: 'system:node:n9', request: { node: 'n9' } },
};

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signing = file('private.pem', String(privateKey.export({ format: 'pem', type: 'pkcs8' })));
const verifying = String(createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }));
const config = file(
  'config.yaml',
  stringify({
    apiVersion: 'rego-csr-approver/v1alpha1',
    kind: 'ApproverConfiguration',
    policy: { keys: { default: { algorithm: 'ES256', file: file('public.pem', verifying) } } },
  }),
);

beforeAll(async () => {
  // Three tools that are built one after the other, where they are not there yet.
  // oxlint-disable-next-line no-await-in-loop
  for (const tool of tools) await ensureTool(tool);
}, 900_000);

async function build(tool: string, directory: string, ...more: string[]): Promise<string> {
  const output = join(root, `${tool}-${String(more.length)}.tar.gz`);
  const opa = await ensureTool(tool);
  await exec(opa, ['build', '-t', 'wasm', '-b', '.', '-o', output, ...more], { cwd: directory });
  return output;
}

/** What is said of every request, without the names of keys that are made anew each time. */
async function decisions(bundle: string): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  const facts = [
    '--nodes',
    file('nodes.yaml', stringify(nodes)),
    '--cluster',
    file('cluster.yaml', stringify(cluster)),
  ];
  for (const [name, change] of Object.entries(requests)) {
    const args = ['review', '-f', '-', ...facts, '--config', config, '--bundle', bundle];
    // oxlint-disable-next-line no-await-in-loop -- one after the other, to compare
    const { code, out, err } = await run(args, stringify(csrObject(change)));
    said[name] = `${err}${out.replaceAll(/sha256:\w+/g, 'sha256:…')}exit ${String(code)}`;
  }
  return said;
}

test('the releases are of two years', () => {
  const versions = tools.map((tool) => findTool(tool).version);
  expect(versions[0]).toMatch(/^v1\.0\./);
  expect(new Set(versions).size).toBe(tools.length);
});

test('a signed bundle of every release gives the same decisions', async () => {
  const key = ['--signing-key', signing, '--signing-alg', 'ES256'];
  const all: Record<string, string>[] = [];
  for (const tool of tools) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    all.push(await decisions(await build(tool, join(root, 'policy'), ...key)));
  }
  const [first] = all;
  expect(first?.['good']).toMatch(/verdict: approve[^]*exit 0$/);
  expect(first?.['a name that is not ours']).toMatch(/verdict: deny[^]*NameUnknown[^]*not ours: db/);
  expect(first?.['an address that is not ours']).toMatch(/verdict: abstain/);
  expect(first?.['a node that is not there']).toMatch(/verdict: wait[^]*NoNode/);
  for (const other of all) expect(other).toEqual(first);
});

const policies = new URL('../../policies/', import.meta.url).pathname;

// Its template strings need 1.12. The capabilities list is of today's opa: keywords in it are unknown to older ones.
test('the default policy as an older opa builds it decides every case as it should', async () => {
  const bundle = await build('opa@1.13', join(policies, 'default'), '--ignore', '*_test.rego');
  const { code, out, err } = await run(['verify', join(policies, 'cases'), '--bundle', bundle]);
  expect(`${err}${out}`).toMatch(/(\d+) cases: \1 passed, 0 failed/);
  expect(code).toBe(0);
});
