import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { version } from '../../src/cli/version.ts';
import { run, type RunResult } from '../tools/run.ts';

/** The npm package: packed, installed in an empty folder without any network, and used as its README says. */

const root = new URL('../../', import.meta.url).pathname;
let scratch: string;
let tarball: string;

const workflow = z.object({
  jobs: z.object({
    test: z.object({
      steps: z.array(z.object({ name: z.string().optional(), run: z.string().optional() })),
    }),
  }),
});

/** npm with a home and a cache of its own: nothing that this machine has is found there. */
const shell = (command: string, cwd: string): Promise<RunResult> =>
  run('sh', ['-c', command], {
    cwd,
    timeoutMs: 60_000,
    env: {
      PATH: process.env['PATH'],
      HOME: scratch,
      npm_config_cache: join(scratch, 'cache'),
      npm_config_offline: 'true',
      npm_config_audit: 'false',
      npm_config_update_notifier: 'false',
    },
  });

const inProject = (command: string) => shell(command, join(scratch, 'project'));
const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

async function pack(to: string): Promise<string> {
  mkdirSync(join(scratch, to));
  const built = await shell(
    `node deploy/npm/build.ts && npm pack --pack-destination ${scratch}/${to} ./dist/npm`,
    root,
  );
  expect(built).toMatchObject({ kind: 'exit', code: 0 });
  const [file = ''] = readdirSync(join(scratch, to));
  return join(scratch, to, file);
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'npm-'));
  tarball = await pack('packed');
  mkdirSync(join(scratch, 'project'));
  const installed = await inProject(`npm install ${tarball}`);
  expect(installed, JSON.stringify(installed)).toMatchObject({ kind: 'exit', code: 0 });
  cpSync(join(root, 'policies/examples/review'), join(scratch, 'project'), { recursive: true });
  const made = await inProject('npx rego-csr-approver init repository && cp -r repository/. .');
  expect(made, JSON.stringify(made)).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('holds what runs, its licences and a README, and nothing else', async () => {
  const listed = await run('tar', ['-tzf', tarball]);
  expect(listed.stdout.trim().split('\n').sort()).toEqual(
    [
      'LICENSE',
      'README.md',
      'THIRD-PARTY-LICENSES',
      'cli.mjs',
      'default.tar.gz',
      'opa-compiler.LICENSES',
      'opa-compiler.mjs',
      'opa-compiler.wasm.br',
      'package.json',
      'rego-csr-approver-tracing.mjs',
      'rego-csr-approver-worker.mjs',
      'rego-csr-approver.mjs',
      'template.tar.gz',
    ].map((file) => `package/${file}`),
  );
});

test('brings no dependencies, and states the version of the repository', () => {
  expect(readdirSync(join(scratch, 'project/node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    'rego-csr-approver',
  ]);
  const manifest: Record<string, unknown> = JSON.parse(
    readFileSync(join(scratch, 'project/node_modules/rego-csr-approver/package.json'), 'utf8'),
  );
  expect(manifest).toMatchObject({ version, engines: { node: '>=24' } });
  expect(Object.keys(manifest).filter((key) => /dependencies|scripts|private/i.test(key))).toEqual([]);
});

test('is the same, packed twice', async () => {
  expect(hashOf(await pack('again'))).toBe(hashOf(tarball));
});

describe('as its README says', () => {
  const readme = readFileSync(join(root, 'deploy/npm/README.md'), 'utf8');
  const block = /```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const [versionCommand = '', decode = '', review = '', build = '', ...more] = block.trim().split('\n');
  test('npx shows the version', async () => {
    expect(await inProject(versionCommand)).toMatchObject({ code: 0, stdout: `${version}\n` });
    expect(more).toEqual([]);
  });

  test('decode prints the input document', async () => {
    const { stdout, ...rest } = await inProject(decode);
    expect(rest).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, signer_name: 'kubernetes.io/kubelet-serving' });
  });

  test('review approves, by the default policy', async () => {
    expect(await inProject(review)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('verdict: approve'),
    });
  });

  test('build makes a bundle', async () => {
    expect(await inProject(build)).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^built /),
    });
  });

  test('review says no with code 1, and cannot say with code 2', async () => {
    expect(await inProject(review.replace('=allowed', '=denied'))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('AccessNotGranted'),
    });
    expect(await inProject(review.replace(/--nodes \S+/, ''))).toMatchObject({ code: 2 });
  });
});

test('builds policies without Go, without opa and without a network, and says what is wrong with them', async () => {
  // Found first on PATH; whoever calls one of them leaves a trace.
  const traps = join(scratch, 'traps');
  mkdirSync(traps);
  for (const tool of ['go', 'opa'])
    writeFileSync(join(traps, tool), `#!/bin/sh\ntouch ${traps}/called\nexit 97\n`, { mode: 0o755 });
  const withoutTools = (command: string) => inProject(`PATH=${traps}:$PATH; ${command}`);
  const built = await withoutTools(
    'npx rego-csr-approver build policy -o policy.tar.gz && npx rego-csr-approver verify cases --bundle policy.tar.gz --config config.yaml',
  );
  expect(built, JSON.stringify(built)).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^7 cases: 7 passed, 0 failed/m),
  });
  writeFileSync(join(scratch, 'project/policy/broken.rego'), 'package broken\n\nallow if\n');
  expect(await withoutTools('npx rego-csr-approver build policy')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error: CompilationFailed: .*policy\/broken.rego:\d+: rego_parse_error/),
  });
  expect(readdirSync(traps).sort()).toEqual(['go', 'opa']);
});

test('is installed by the workflow of a policy repository, if its sum is the right one', async () => {
  const file = readFileSync(join(scratch, 'project/.github/workflows/policy.yaml'), 'utf8');
  const { jobs } = workflow.parse(parse(file));
  const { run: install } = jobs.test.steps.find(({ name }) => name === 'rego-csr-approver') ?? {};
  const step = (sum: string) => {
    const temp = mkdtempSync(join(scratch, 'runner-'));
    const variables = `RUNNER_TEMP=${temp} GITHUB_PATH=${temp}/path URL=file://${tarball} SHA256=${sum}`;
    writeFileSync(join(temp, 'step.sh'), install ?? 'exit 9');
    return inProject(
      `${variables} bash -e ${temp}/step.sh >${temp}/log && PATH=$(cat ${temp}/path):$PATH rego-csr-approver --version`,
    );
  };
  expect(await step(hashOf(tarball))).toMatchObject({ code: 0, stdout: `${version}\n` });
  expect(await step('0'.repeat(64))).toMatchObject({ code: 1, stdout: '' });
});

test('on an old Node it says so, and does nothing', async () => {
  const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";
  const command = `node --import "data:text/javascript,${older}" node_modules/rego-csr-approver/cli.mjs --version`;
  expect(await inProject(command)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'error: NodeTooOld: this is Node.js 20.20.2; rego-csr-approver needs 24 or later\n',
  });
});
