import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadPolicies, withOptions } from '../../src/activation/load.ts';
import { defaultConfig } from '../../src/config/schema.ts';
import { ensureTool } from '../tools/ensure.ts';
import { goodCase } from './cases.ts';
import { loadBundle } from './evaluate.ts';
import { opa } from './opa.ts';
import { policiesPath } from './paths.ts';

const readme = readFileSync(policiesPath('README.md'), 'utf8');

/** Text of the fenced blocks of one language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text,
  );
}

const [makeTools = '', exportPath = '', ...commands] = blocks('sh').flatMap((block) =>
  block.trim().split('\n'),
);

describe('policies/README.md', () => {
  let directory: string;
  let path: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'readme-'));
    const tools = await Promise.all((['opa', 'conftest', 'regal'] as const).map((name) => ensureTool(name)));
    const dist = policiesPath('../dist');
    path = [dist, ...tools.map((tool) => dirname(tool)), process.env['PATH'] ?? ''].join(delimiter);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  /** Runs a command in policies/ with the pinned tools; gives its exit code. */
  async function shell(command: string): Promise<number> {
    const env = { ...process.env, PATH: path, TMPDIR: directory };
    return promisify(execFile)('bash', ['-c', command.replaceAll('/tmp/', `${directory}/`)], {
      cwd: policiesPath(),
      env,
    }).then(
      () => 0,
      (error: { readonly code?: number }) => error.code ?? -1,
    );
  }

  it('says first how the tools are built, and those alone', async () => {
    expect(makeTools).toMatch(/^make -C \.\. /);
    // Building for real would replace the program under the feet of other tests.
    const planned = await promisify(execFile)('bash', ['-c', `${makeTools} --dry-run --always-make`], {
      cwd: policiesPath(),
      env: { ...process.env, MAKEFLAGS: '' },
    });
    expect(planned.stdout).toMatch(/^node deploy\/program\/build\.ts$/m);
    expect(planned.stdout).toMatch(/^node test\/tools\/main\.ts opa conftest regal$/m);
    expect(planned.stdout).not.toMatch(/main\.ts all|etcd|kube/);
  });

  it('puts them and the program on PATH, in front of others', async () => {
    const names = ['opa', 'conftest', 'regal', 'rego-csr-approver'];
    const { stdout } = await promisify(execFile)(
      'bash',
      ['-c', `${exportPath}; command -v ${names.join(' ')}`],
      {
        cwd: policiesPath(),
        env: { ...process.env, PATH: '/usr/bin:/bin' },
      },
    );
    const tools = await Promise.all((['opa', 'conftest', 'regal'] as const).map((name) => ensureTool(name)));
    expect(stdout.trim().split('\n')).toEqual([...tools, policiesPath('../dist/rego-csr-approver')]);
  });

  it('shows commands', () => expect(commands.length).toBeGreaterThan(4));

  it.each(commands)('%s', async (command) => expect(await shell(command)).toBe(0));

  it.each([
    ['kubelet_serving', '## The default policy', '### Kubelet client certificates'],
    ['kubelet_client', '### Kubelet client certificates', '## Reason codes'],
  ])('names every knob of %s with its default', (name, from, to) => {
    const section = readme.slice(readme.indexOf(from), readme.indexOf(to));
    const rows = [...section.matchAll(/^\| `([a-z_]+)` \| [^|]+ \| `([^`]+)` \|/gm)];
    const documented = Object.fromEntries(rows.map(([, knob = '', value = '']) => [knob, JSON.parse(value)]));
    const data: unknown = parse(readFileSync(policiesPath(`default/csr/${name}/data.yaml`), 'utf8'));
    expect({ config: documented }).toEqual(data);
  });

  it('shows bootstrappers that are correct', async () => {
    const [shown = ''] = blocks('yaml').filter((text) => text.startsWith('bootstrappers:'));
    const data = parse(readFileSync(policiesPath('default/csr/kubelet_client/data.yaml'), 'utf8')) as {
      readonly config: object;
    };
    const bundle = join(directory, 'shown.tar.gz');
    await opa('build', '-b', 'default', '-t', 'wasm', '--ignore', '*_test.rego', '-o', bundle);
    const { bootstrappers }: { bootstrappers?: unknown } = parse(shown);
    const config = { ...data.config, bootstrappers };
    const evaluate = await loadBundle(bundle, { csr: { kubelet_client: { config } } });
    expect(evaluate('csr/kubelet_client/decision', {})).toMatchObject({ config_errors: [] });
  });

  it('shows a data overlay that the default policy takes', async () => {
    const [shown = ''] = blocks('yaml').filter((text) => text.startsWith('csr:'));
    const file = join(directory, 'shown.yaml');
    writeFileSync(file, shown);
    const policies = await loadPolicies(withOptions(defaultConfig, { data: [file] }));
    expect(policies.signers.get('kubernetes.io/kubelet-serving')?.revision).toMatch(/\+data\.[0-9a-f]{16}$/);
  });

  it('shows a document that is case OK-01', async () => {
    const { fingerprint, ...input } = JSON.parse(
      readFileSync(policiesPath('examples/input.json'), 'utf8'),
    ) as Record<string, unknown>;
    const { fingerprint: ofThisRun, ...good } = (await goodCase()).input;
    expect(input).toEqual(good);
    // Of a request that is signed anew in each run.
    for (const one of [fingerprint, ofThisRun]) expect(one).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('shows of the extending policy what the example holds', () => {
    const shown = blocks('rego').find((text) => text.startsWith('package acme')) ?? '';
    const example = readFileSync(
      policiesPath('examples/extend/policy/acme/kubelet_serving/decision.rego'),
      'utf8',
    );
    for (const line of shown.split('\n')) expect(example.split('\n')).toContain(line);
  });
});
