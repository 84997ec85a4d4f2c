import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadPolicies, withOptions } from '../../src/activation/load.ts';
import { loadConfig } from '../../src/config/load.ts';
import { policiesPath } from '../rego/paths.ts';
import { Scratch, shell, toolPath } from './shell.ts';

const examples = readdirSync(policiesPath('examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'review')
  .map(({ name }) => name);

const knobs = (path: string): string[] =>
  Object.keys((parse(readFileSync(path, 'utf8')) as { readonly config: object }).config).sort();

/** Shell blocks of an example's README. */
function commandsOf(name: string): string[] {
  const readme = readFileSync(policiesPath(`examples/${name}/README.md`), 'utf8');
  return [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
}

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
      const bundles = [join(scratch.path(name), 'build/policy.tar.gz'), scratch.path(`${name}.tar.gz`)];
      const loaded = await Promise.all(
        bundles.map((bundle) => loadPolicies(withOptions(config, { bundle }))),
      );
      expect(loaded.map(({ signers }) => [...signers.keys()])).toEqual(
        bundles.map(() => ['kubernetes.io/kubelet-serving']),
      );
    });

    it('sets every knob of the default policy', () => {
      const file = 'csr/kubelet_serving/data.yaml';
      const own = policiesPath(`examples/${name}/policy/${file}`);
      if (name !== 'extend') expect(knobs(own)).toEqual(knobs(policiesPath(`default/${file}`)));
    });

    it('says in 10 to 35 lines what the situation is, who writes what, and what it protects', () => {
      const readme = readFileSync(policiesPath(`examples/${name}/README.md`), 'utf8');
      expect(readme.split('\n').length).toBeLessThanOrEqual(36);
      for (const part of ['Situation', 'What it does', 'Who writes what', 'What it protects']) {
        expect(readme).toContain(`**${part}.**`);
      }
    });
  });
});
