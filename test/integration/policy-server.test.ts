import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { Registry } from '../image/registry.ts';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { guideBlocks } from '../support/guide.ts';
import { policyBundle } from '../support/policies.ts';
import { pair } from '../support/signing-keys.ts';
import { ensureTool } from '../tools/ensure.ts';
import { apply, manifests, NAMESPACE } from './install.ts';
import { Scene } from './scene.ts';

/** The component policy-server with what the guide has mounted by it, and a real registry that wants a password. */

const exec = promisify(execFile);
const section = 'Where the policy comes from';
/** Of the password, by bcrypt. */
const htpasswd = 'me:$2b$05$lo0oov95dLk1p52Cw41souXQP3ePGos6IpOhzINOP./1YJ2qnrH6G\n';
const credentials = { USERNAME: 'me', PASSWORD: 'swordfish' };
let scene: Scene;
let registry: Registry;
let directory: string;
const at = (...parts: string[]) => join(directory, ...parts);
const release = pair('RS256');

beforeAll(async () => {
  scene = await Scene.open();
  directory = mkdtempSync(join(scene.cluster.dir, 'policy-server-'));
  for (const [name, content] of Object.entries({
    htpasswd,
    'config.json': '{}',
    'private.pem': release.signing,
    'release.pem': release.verifying,
  })) {
    writeFileSync(at(name), content);
  }
  registry = await Registry.start({ more: `auth: {htpasswd: {realm: test, path: ${at('htpasswd')}}}` });
  const signing = ['--signing-alg', 'RS256', '--signing-key', at('private.pem')];
  const named = ['--verification-key-id', 'release'];
  await policyBundle(directory, 'bundle', { allow: 'input.node.found' }, [...signing, ...named]);
});
afterAll(async () => {
  await registry?.stop();
  await scene?.close();
});

/** A command of the guide, with this registry. */
async function follow(command: string): Promise<void> {
  const env = {
    PATH: [dirname(await ensureTool('kubectl')), dirname(await ensureTool('oras')), process.env['PATH']].join(
      delimiter,
    ),
    HOME: directory,
    KUBECONFIG: scene.cluster.adminKubeconfig,
    ...credentials,
  };
  const plain = command.replace(/^oras push/m, '$& --plain-http');
  const shell = plain.replaceAll('registry.example.com', registry.host);
  await exec('sh', ['-ec', shell], { cwd: directory, env });
}

const podSpec = z.looseObject({
  containers: z.tuple([
    z.looseObject({
      volumeMounts: z.array(
        z.looseObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
      ),
    }),
  ]),
  volumes: z.array(z.looseObject({ name: z.string() })),
});

/** What a volume holds, as the kubelet would lay it out; undefined for one that is empty and may be written to. */
async function contentOf(volume: z.infer<typeof podSpec>['volumes'][number]) {
  if (volume['emptyDir'] !== undefined) return undefined;
  const text = JSON.stringify(volume);
  const [, name = ''] =
    /"(?:secretName|name)":"(rego-csr-approver-(?:registry|policy-keys))"/.exec(text) ?? [];
  const kind = volume['secret'] === undefined ? 'configmap' : 'secret';
  const get = ['get', kind, name, '-n', NAMESPACE, '-o', 'json'];
  const { data }: { data: Record<string, string> } = JSON.parse(await scene.cluster.kubectl(get));
  const decoded = (value: string) => (kind === 'secret' ? Buffer.from(value, 'base64').toString() : value);
  return Object.entries(data).map(([file, value]) => [file, decoded(value)] as const);
}

test('mounts what the guide configures, and the program takes a signed policy from a registry by it', async () => {
  await apply(scene, await manifests(scene, 'policy-server'));
  const json = ['get', 'deployment', 'rego-csr-approver', '-n', NAMESPACE, '-o', 'json'];
  const { spec }: { spec: { template: { spec: unknown } } } = JSON.parse(await scene.cluster.kubectl(json));
  const pod = podSpec.parse(spec.template.spec);
  const commands = guideBlocks(section, 'sh');
  for (const command of commands.find((block) => block.includes('create secret'))?.split('\n') ?? []) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await follow(command);
  }
  const push = commands.flatMap((block) => block.split('\n')).find((line) => line.startsWith('oras push'));
  await follow(`oras login --plain-http -u me -p swordfish registry.example.com\n${push ?? 'false'}`);

  // Everything that is mounted, below a folder instead of below the root.
  for (const { name, mountPath, readOnly } of pod.containers[0].volumeMounts) {
    const volume = pod.volumes.find((one) => one.name === name);
    if (volume === undefined || volume['configMap'] !== undefined) continue;
    // oxlint-disable-next-line no-await-in-loop
    const content = await contentOf(volume);
    expect(readOnly ?? false).toBe(content !== undefined);
    mkdirSync(at('root', mountPath), { recursive: true });
    for (const [file, text] of content ?? []) writeFileSync(at('root', mountPath, basename(file)), text);
  }
  const text = guideBlocks(section, 'yaml').find((block) => block.includes('keys:')) ?? '';
  const config = stringify(parse(text))
    .replace('oci://registry.example.com', `oci+http://${registry.host}`)
    .replaceAll(/(?<=: )(?=\/(?:etc|var)\/)/g, at('root'));
  const { adminKubeconfig: kubeconfig } = scene.cluster;
  const program = await scene.keep(Approver.start({ kubeconfig, config, ready: false }));
  const explain = () => program.log;
  await eventually(
    async () => ((await program.status())['policy']?.active_revision === 'bundle' ? true : undefined),
    { explain },
  );
  const cache = at('root/var/cache/rego-csr-approver');
  await eventually(() => (readdirSync(cache).some((name) => name.endsWith('.bundle')) ? true : undefined));
  expect(program.log).not.toContain(credentials.PASSWORD);
});

test('without any of it the pod is what Pod Security takes, and each part may be missing', async () => {
  const text = await manifests(scene, 'policy-server');
  const [template] = text.split('---').filter((document) => /^kind: Deployment$/m.test(document));
  const { spec }: { spec: { template: { spec: unknown; metadata: object } } } = parse(template ?? '');
  const metadata = { ...spec.template.metadata, name: 'probe', namespace: NAMESPACE };
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...spec.template, metadata });
  const args = ['create', '--dry-run=server', '--warnings-as-errors', '-o', 'json', '-f', '-'];
  const { spec: pod }: { spec: unknown } = JSON.parse(await scene.cluster.kubectl(args, { input }));
  const volumes = JSON.stringify(podSpec.parse(pod).volumes);
  expect(volumes.match(/"optional":true/g)).toHaveLength(3);
});
