import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseBundle } from '../../src/policy/bundle.ts';
import { readBundleFiles } from '../../src/policy/files.ts';
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

const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));

describe('policies/README.md', () => {
  let directory: string;
  let path: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'readme-'));
    const tools = await Promise.all((['opa', 'conftest', 'regal'] as const).map((name) => ensureTool(name)));
    path = [...tools.map((tool) => dirname(tool)), process.env['PATH'] ?? ''].join(delimiter);
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

  it('shows commands', () => expect(commands.length).toBeGreaterThan(4));

  it.each(commands)('%s', async (command) => expect(await shell(command)).toBe(0));

  describe('the command for continuous integration fails', () => {
    it.each([
      ['in another namespace', 'examples/ci.sh default csr.kubelet examples/input.json'],
      ['without documents', 'examples/ci.sh default csr.kubelet_serving'],
      ['with an empty folder', 'mkdir /tmp/none && examples/ci.sh default csr.kubelet_serving /tmp/none'],
      ['without the bundle', 'examples/ci.sh nothing csr.kubelet_serving examples/input.json'],
      [
        'for a document that would not be approved',
        'echo {} >/tmp/bad.json && examples/ci.sh default csr.kubelet_serving /tmp/bad.json',
      ],
    ])('%s', async (_, command) => expect(await shell(command)).toBe(1));

    /** A copy of this folder's default bundle with one thing spoilt. */
    it.each([
      ['without data', 'rm C/default/csr/kubelet_serving/data.yaml'],
      [
        'for a field that there is not',
        'sed -i s/input.claims/input.claimz/ C/default/csr/kubelet_serving/claims.rego',
      ],
      [
        'for a rule without test',
        'printf "\\n_spare if input.name\\n" >>C/default/csr/kubelet_serving/claims.rego',
      ],
      [
        'for a function that is not there',
        'printf "\\n_spare := time.now_ns()\\n" >>C/default/csr/kubelet_serving/claims.rego',
      ],
    ])('%s', async (_, spoil) => {
      const copy = mkdtempSync(join(directory, 'copy-'));
      const command = [
        `cp -r . ${copy}`,
        spoil.replaceAll('C/', `${copy}/`),
        `cd ${copy}`,
        'examples/ci.sh default csr.kubelet_serving examples/input.json',
      ].join(' && ');
      expect(await shell(command)).not.toBe(0);
    });
  });

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

  it('shows a document that is case OK-01', async () => {
    const { fingerprint, ...input } = JSON.parse(
      readFileSync(policiesPath('examples/input.json'), 'utf8'),
    ) as Record<string, unknown>;
    const { fingerprint: ofThisRun, ...good } = (await goodCase()).input;
    expect(input).toEqual(good);
    // Of a request that is signed anew in each run.
    for (const one of [fingerprint, ofThisRun]) expect(one).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('shows a policy that extends the default one', async () => {
    const source = blocks('rego').find((text) => text.startsWith('package acme')) ?? '';
    const folder = join(directory, 'acme/acme/kubelet_serving');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'decision.rego'), source);
    writeFileSync(join(directory, 'acme/.manifest'), '{"roots": ["acme/kubelet_serving"]}');
    const [command = ''] = blocks('text');
    const bundle = join(directory, 'policy.tar.gz');
    const args = command.trim().replace('opa ', '').replaceAll("'", '').split(' ');
    await opa(
      ...args.map((arg) => (arg === 'acme' ? join(directory, arg) : arg === 'policy.tar.gz' ? bundle : arg)),
    );
    const { entrypoints } = parseBundle(await readBundleFiles(bundle));
    expect(entrypoints.map((entry) => entry.path).sort()).toEqual([
      'acme/kubelet_serving/decision',
      'csr/kubelet_client/decision',
      'csr/kubelet_serving/decision',
    ]);
    const evaluate = await loadBundle(bundle);
    const input = structuredClone((await goodCase()).input) as unknown as {
      node: { labels: Record<string, string> };
    };
    const entrypoint = 'acme/kubelet_serving/decision';
    const wait = [{ code: 'PoolUnknown', msg: 'the Node is in no known pool' }];
    expect(evaluate(entrypoint, input)).toMatchObject({ allow: false, deny: [], wait });
    input.node.labels['node-restriction.kubernetes.io/pool'] = 'edge';
    expect(evaluate(entrypoint, input)).toMatchObject({ allow: true, deny: [], wait: [] });
  });
});
