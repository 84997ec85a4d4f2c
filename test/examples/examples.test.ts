import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readOverlays } from '../../src/bundle/overlay-file.ts';
import { applyOverlays } from '../../src/bundle/overlay.ts';
import { loadPolicies, withOptions } from '../../src/activation/load.ts';
import { loadConfig } from '../../src/config/load.ts';
import { policiesPath } from '../rego/paths.ts';
import { Scratch, shell, toolPath } from './shell.ts';

const examples = readdirSync(policiesPath('examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'review')
  .map(({ name }) => name);

const overlayOf = (name: string): string => policiesPath(`examples/${name}/knobs.yaml`);

const hasRules = (name: string): boolean => existsSync(policiesPath(`examples/${name}/policy/acme`));

/** Shell blocks of an example's README. */
function commandsOf(name: string): string[] {
  const readme = readFileSync(policiesPath(`examples/${name}/README.md`), 'utf8');
  return [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
}

const serving = z.object({
  csr: z.object({ kubelet_serving: z.object({ config: z.record(z.string(), z.unknown()) }) }),
});
const overlaySchema = z.fromJSONSchema(
  JSON.parse(readFileSync(policiesPath('schemas/overlay.json'), 'utf8')) as Parameters<
    typeof z.fromJSONSchema
  >[0],
);

describe('policies/examples', () => {
  const scratch = new Scratch();
  let path: string;

  beforeAll(async () => {
    path = await toolPath();
  });
  afterAll(() => scratch.remove());

  it('is all in the table of policies/README.md', () => {
    const table = readFileSync(policiesPath('README.md'), 'utf8').matchAll(
      /^\| \[([a-z-]+)\]\(examples\/\1\) \|/gm,
    );
    expect(new Set([...table].map(([, name]) => name))).toEqual(new Set(examples));
  });

  describe.each(examples)('%s', (name) => {
    it('does what its README shows, with init and ci.sh as with opa alone', async () => {
      const commands = commandsOf(name);
      expect(commands).toHaveLength(2);
      for (const command of commands) {
        // oxlint-disable-next-line no-await-in-loop -- as somebody reads them
        const ran = await shell(command.replaceAll('/tmp/', `${scratch.root}/`), policiesPath(), path);
        expect(ran, ran.said).toMatchObject({ code: 0 });
      }
      const config = loadConfig(join(scratch.path(name), 'config.yaml'));
      const built = scratch.path(`${name}.tar.gz`);
      const bundles = [
        join(scratch.path(name), 'build/policy.tar.gz'),
        ...(existsSync(built) ? [built] : []),
      ];
      // One that is data alone needs no bundle.
      expect(bundles.length).toBe(commands.join('').includes('opa build') ? 2 : 1);
      const loaded = await Promise.all(
        bundles.map((bundle) => loadPolicies(withOptions(config, { bundle }))),
      );
      expect(loaded.map(({ signers }) => [...signers.keys()])).toEqual(
        bundles.map(() => ['kubernetes.io/kubelet-serving']),
      );
    });

    it('says in 10 to 35 lines what the situation is, who writes what, and what it protects', () => {
      const readme = readFileSync(policiesPath(`examples/${name}/README.md`), 'utf8');
      expect(readme.split('\n').length).toBeLessThanOrEqual(36);
      for (const part of ['Situation', 'What it does', 'Who writes what', 'What it protects']) {
        expect(readme).toContain(`**${part}.**`);
      }
    });
  });

  describe.each(examples.filter((name) => existsSync(overlayOf(name))))('%s', (name) => {
    it('has data that differs from that of the default policy, and says no more', async () => {
      const [overlay] = await readOverlays([overlayOf(name)]);
      const shipped: unknown = parse(
        readFileSync(policiesPath('default/csr/kubelet_serving/data.yaml'), 'utf8'),
      );
      const data = { csr: { kubelet_serving: shipped } };
      const laid = applyOverlays(
        data,
        ['csr.kubelet_serving.config'],
        overlay === undefined ? [] : [overlay],
      );
      const { config: own } = serving.parse(overlay?.data).csr.kubelet_serving;
      const before = serving.parse(data).csr.kubelet_serving.config;
      expect(serving.parse(laid).csr.kubelet_serving.config).toEqual({ ...before, ...own });
      const changed = Object.entries(own).filter(([knob, value]) => !isDeepStrictEqual(value, before[knob]));
      expect(changed.map(([knob]) => knob)).toEqual(Object.keys(own));
      expect(overlaySchema.safeParse(overlay?.data).error).toBeUndefined();
    });
  });

  describe.each(examples.filter((name) => !hasRules(name)))('%s', (name) => {
    it('approves and refuses by its overlay what its captures say, without a bundle', async () => {
      for (const [folder, code] of [
        ['approve', 0],
        ['refuse', 1],
      ] as const) {
        const review = `rego-csr-approver review --data ${overlayOf(name)} --input examples/${name}/captures/${folder}/*.json`;
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const ran = await shell(review, policiesPath(), path);
        expect(ran, ran.said).toMatchObject({ code });
      }
    });
  });
});
