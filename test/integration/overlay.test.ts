import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { guideBlocks } from '../support/guide.ts';
import { ensureTool } from '../tools/ensure.ts';
import { apply, NAMESPACE, objectsOf, startInstalled, token } from './install.ts';
import { Scene } from './scene.ts';

/** The overlay that the guide shows, beside the clone, on a real API server. */

const exec = promisify(execFile);
const clone = new URL('../..', import.meta.url).pathname;
let scene: Scene;
let beside: string;
let env: NodeJS.ProcessEnv;
const mine = (name: string) => join(beside, 'overlays/mine', name);
beforeAll(async () => {
  scene = await Scene.open();
  await scene.node(1);
  beside = mkdtempSync(join(scene.cluster.dir, 'beside-'));
  symlinkSync(clone, join(beside, 'rego-csr-approver'));
  mkdirSync(mine(''), { recursive: true });
  const [kustomization = '', config = ''] = guideBlocks('Install', 'yaml');
  writeFileSync(mine('kustomization.yaml'), kustomization);
  writeFileSync(mine('config.yaml'), config);
  env = {
    PATH: [dirname(await ensureTool('kubectl')), process.env['PATH']].join(delimiter),
    HOME: beside,
    KUBECONFIG: scene.cluster.adminKubeconfig,
  };
});
afterAll(() => scene?.close());

const applied = async () => {
  const [command = ''] = guideBlocks('Install', 'sh');
  await exec('sh', ['-c', command], { cwd: beside, env });
  const get = ['get', 'deployment', 'rego-csr-approver', '-n', NAMESPACE, '-o'];
  const [image = '', configMap = ''] = (
    await scene.cluster.kubectl([
      ...get,
      'jsonpath={.spec.template.spec.containers[0].image} {.spec.template.spec.volumes[0].configMap.name}',
    ])
  ).split(' ');
  return { image, configMap };
};

test('is applied by the command of the guide: its image, and a dry run that decides and writes nothing', async () => {
  const { image, configMap } = await applied();
  expect(image).toMatch(/^registry\.example\.com\/rego-csr-approver@sha256:/);
  const data = String.raw`jsonpath={.data.config\.yaml}`;
  const text = await scene.cluster.kubectl(['get', 'configmap', configMap, '-n', NAMESPACE, '-o', data]);
  expect(text).toBe(readFileSync(mine('config.yaml'), 'utf8'));
  expect(loadConfig(mine('config.yaml')).enforcement).toBe('dryrun');
  const program = await startInstalled(scene, scene.cluster.tokenKubeconfig(await token(scene)));
  const name = await scene.request(1);
  await scene.event(name, /^PolicyWouldAllow /, () => program.log);
  expect(await scene.conditions(name)).toEqual([]);
});

test('another configuration starts another pod', async () => {
  const before = await applied();
  expect((await applied()).configMap).toBe(before.configMap);
  const text = readFileSync(mine('config.yaml'), 'utf8');
  writeFileSync(mine('config.yaml'), text.replace('enforcement: dryrun', 'enforcement: enforce'));
  expect((await applied()).configMap).not.toBe(before.configMap);
});

test('the start that is in the clone takes an image as its comment shows', async () => {
  const file = join(clone, 'deploy/kustomize/overlays/production/kustomization.yaml');
  const [, commented = ''] = /^(# images:\n(?:# .*\n)+)/m.exec(readFileSync(file, 'utf8')) ?? [];
  const { images }: { images: unknown } = parse(commented.replaceAll(/^# /gm, ''));
  const kustomization = readFileSync(mine('kustomization.yaml'), 'utf8');
  expect(images).toEqual((parse(kustomization) as { images: unknown }).images);
});

test('a generated ConfigMap keeps its name where the guide says so, whatever is in it', async () => {
  const [generators = ''] = guideBlocks('Changing the policy without a restart', 'yaml');
  const base = 'resources: [../../rego-csr-approver/deploy/kustomize/base]\n';
  const component = 'components: [../../rego-csr-approver/deploy/kustomize/components/policy-configmap]\n';
  writeFileSync(mine('kustomization.yaml'), base + component + generators);
  for (const content of ['first', 'second']) {
    writeFileSync(mine('bundle.tar.gz'), content);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const text = await scene.cluster.kubectl(['kustomize', mine('')]);
    // oxlint-disable-next-line no-await-in-loop
    await apply(scene, text);
    const named = objectsOf(text).find(({ metadata }) => metadata.name === 'rego-csr-approver-policy');
    expect(named).toMatchObject({ kind: 'ConfigMap', data: { 'bundle.tar.gz': content } });
    expect(text).toMatch(/^ +name: rego-csr-approver-policy\n +name: policy$/m);
  }
});
