import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programFiles } from '../../deploy/program/files.ts';
import { loadPoliciesFrom } from '../../src/activation/load.ts';
import { parseBundle } from '../../src/bundle/bundle.ts';
import { readBundleFiles } from '../../src/bundle/files.ts';
import { loadConfig } from '../../src/config/load.ts';
import { defaultConfig } from '../../src/config/schema.ts';
import { Isolate } from '../../src/policy/isolate.ts';
import { verifyBundle } from '../../src/cli/verify.ts';
import { readCases } from '../../src/verify/files.ts';
import type { Report } from '../../src/verify/outcome.ts';
import { passed } from '../../src/verify/outcome.ts';
import { run as runHere } from '../support/command-line.ts';
import { ensureTool } from '../tools/ensure.ts';
import { run, type RunResult } from '../tools/run.ts';
import { caseEntries, loadCases } from './cases.ts';
import { loadBundle } from './evaluate.ts';
import { opa } from './opa.ts';
import { policiesPath } from './paths.ts';

/** The command `build` beside the real `opa build`. */

const exampleNames = readdirSync(policiesPath('examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'review')
  .map(({ name }) => name);

const dist = policiesPath('../dist');
const capabilities = policiesPath('capabilities.json');
let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'build-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs the shipped program, with no tool on PATH. */
const build = (args: readonly string[], cwd = scratch): Promise<RunResult> =>
  run(join(dist, 'rego-csr-approver'), ['build', ...args], {
    cwd,
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
    timeoutMs: 100_000,
  });

interface Pair {
  readonly ours: string;
  readonly theirs: string;
}

/** The same directory, built by both. */
async function both(directory: string, name: string): Promise<Pair> {
  const pair = { ours: join(scratch, `${name}-ours.tar.gz`), theirs: join(scratch, `${name}-opa.tar.gz`) };
  const options = ['--ignore', '*_test.rego', '--capabilities', capabilities, '--revision', `of ${name}`];
  const built = await build([directory, '-o', pair.ours, '-r', `of ${name}`]);
  expect(built).toMatchObject({ kind: 'exit', code: 0, stderr: '' });
  await opa('build', '-b', directory, '-t', 'wasm', ...options, '-o', pair.theirs);
  return pair;
}

/** Everything but the module, whose bytes may differ. */
async function membersOf(bundle: string): Promise<Record<string, unknown>> {
  const files = await readBundleFiles(bundle);
  const text = new TextDecoder();
  const contents = [...files].map(([path, bytes]) => {
    if (path === '.manifest') return [path, JSON.parse(text.decode(bytes))] as const;
    return [path, path.endsWith('.wasm') ? 'a module' : text.decode(bytes)] as const;
  });
  return Object.fromEntries(contents.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function expectSame({ ours, theirs }: Pair, name: string): Promise<void> {
  const members = await membersOf(ours);
  expect(members).toEqual(await membersOf(theirs));
  expect(members['.manifest']).toMatchObject({ revision: `of ${name}`, roots: expect.any(Array) });
  expect(parseBundle(await readBundleFiles(ours)).entrypoints.length).toBeGreaterThan(0);
}

/** What came of each case, but for times. */
const outcomesOf = ({ results }: Report) => results.map(({ id, outcome }) => [id, outcome]);

describe('build makes what opa build makes', () => {
  it('of the default policy, by manifest, members and verdicts of every case', async () => {
    const pair = await both(policiesPath('default'), 'default');
    await expectSame(pair, 'default');
    const [ours, theirs] = await Promise.all([readBundleFiles(pair.ours), readBundleFiles(pair.theirs)]);
    const one = await verifyBundle(ours, caseEntries(), defaultConfig, false);
    const other = await verifyBundle(theirs, caseEntries(), defaultConfig, false);
    // Fingerprints of requests, which are made anew, are in no message.
    expect(outcomesOf(one)).toEqual(outcomesOf(other));
    expect(one.results.length).toBeGreaterThan(600);
    expect(one.results.every(passed)).toBe(true);
  });

  it('of the floor, by what it says of the document of every case', async () => {
    const pair = await both(policiesPath('floor'), 'floor');
    await expectSame(pair, 'floor');
    const [ours, theirs] = await Promise.all([loadBundle(pair.ours), loadBundle(pair.theirs)]);
    const cases = await loadCases();
    expect(cases.length).toBeGreaterThan(400);
    for (const { id, input } of cases) {
      for (const entrypoint of ['csr/floor/form', 'csr/floor/facts'])
        expect(ours(entrypoint, input), id).toEqual(theirs(entrypoint, input));
    }
  });

  it.each(exampleNames)('of the example %s, by its own cases', async (name) => {
    const repository = join(scratch, `${name}-repository`);
    expect(await runHere(['init', repository, '--example', name])).toMatchObject({ code: 0 });
    const pair = await both(join(repository, 'policy'), name);
    await expectSame(pair, name);
    const config = loadConfig(join(repository, 'config.yaml'));
    const entries = readCases([join(repository, 'cases')]);
    const reports: Report[] = [];
    for (const bundle of [pair.ours, pair.theirs])
      reports.push(await verifyBundle(await readBundleFiles(bundle), entries, config, true));
    const [one, other] = reports.map(outcomesOf);
    expect(one).toEqual(other);
    expect(reports[0]?.results.every(passed)).toBe(true);
  });

  it('of a repository of init, with the paths that it is given, from where it is called', async () => {
    const repository = join(scratch, 'repository');
    expect(await runHere(['init', repository, '--package', 'mine.rules'])).toMatchObject({ code: 0 });
    const built = await build(
      ['policy', '-b', '-t', 'wasm', '-o', 'ours.tar.gz', '--config', 'config.yaml', '--cases', 'cases'],
      repository,
    );
    expect(built).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^\d+ cases: \d+ passed, 0 failed/m),
    });
    const options =
      "build -b policy -t wasm --ignore '*_test.rego' --capabilities capabilities.json -o opa.tar.gz";
    execFileSync('sh', ['-c', `"$0" ${options}`, await ensureTool('opa')], { cwd: repository });
    expect(await membersOf(join(repository, 'ours.tar.gz'))).toEqual(
      await membersOf(join(repository, 'opa.tar.gz')),
    );
  });
});

/** A small policy for no signer, which is good. */
function policy(name: string, changes: Readonly<Record<string, string>> = {}): string {
  const directory = join(scratch, name);
  const files: Readonly<Record<string, string>> = {
    '.manifest': '{"roots": ["mine"]}',
    'mine/rule.rego': 'package mine\n\n# METADATA\n# entrypoint: true\nallow := input.x == data.mine.y\n',
    'mine/data.json': '{"y": 1}',
    ...changes,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

/** What opa says of it, without its own `error: `. */
async function opaSays(name: string): Promise<string> {
  const args = ['build', '-b', name, '-t', 'wasm', '--capabilities', capabilities, '--ignore', '*_test.rego'];
  const said = await run(await ensureTool('opa'), args, { cwd: scratch });
  expect(said).toMatchObject({ kind: 'exit', code: 1 });
  return said.stdout.replace(/^error: /, '').trimEnd();
}

const annotated = (body: string) => `package mine\n\n# METADATA\n# entrypoint: true\n${body}\n`;

describe('build refuses', () => {
  it('nothing of a good policy', async () => {
    policy('good');
    expect(await build(['good', '-o', 'good.tar.gz'])).toMatchObject({ code: 0, stderr: '' });
    const evaluate = await loadBundle(join(scratch, 'good.tar.gz'));
    expect(evaluate('mine/allow', { x: 1 })).toBe(true);
  });

  it.each([
    [
      'a syntax error',
      'syntax',
      { 'mine/rule.rego': annotated('allow if {\n\tinput.x ==\n}') },
      'rule.rego:7: rego_parse_error',
    ],
    [
      'a builtin that WebAssembly lacks',
      'builtin',
      { 'mine/rule.rego': annotated('allow := http.send({"url": input.x})') },
      'undefined function http.send',
    ],
    ['a type error', 'type', { 'mine/rule.rego': annotated('allow := count(1)') }, 'rego_type_error'],
    [
      'a policy without entrypoint',
      'entrypoint',
      { 'mine/rule.rego': 'package mine\n\nallow := 1\n' },
      'at least one entrypoint',
    ],
    ['a rule outside of the roots', 'roots', { '.manifest': '{"roots": ["other"]}' }, 'do not permit'],
    ['data that two files set', 'conflict', { 'data.json': '{"mine": {"y": 2}}' }, 'mine'],
    ['data that is no JSON', 'json', { 'mine/data.json': '{"y": ' }, 'data.json'],
    ['a manifest that is no JSON', 'manifest', { '.manifest': '{' }, 'manifest'],
    [
      'a signature without a key',
      'signed',
      { '.signatures.json': '{"signatures": ["x"]}' },
      'verification key',
    ],
  ])('%s, in the words of opa', async (_, name, changes, words) => {
    policy(name, changes);
    const built = await build([name, '-o', `${name}.tar.gz`]);
    expect(built).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) });
    expect(built.stderr).toBe(`error: CompilationFailed: ${await opaSays(name)}\n`);
    expect(existsSync(join(scratch, `${name}.tar.gz`))).toBe(false);
  });

  it('an empty directory, and none', async () => {
    mkdirSync(join(scratch, 'empty'));
    expect(await build(['empty'])).toMatchObject({
      code: 2,
      stderr: `error: CompilationFailed: ${await opaSays('empty')}\n`,
    });
    expect(await build(['none'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: DirectoryUnreadable: none: /),
    });
  });

  it('a link, which opa would leave out without a word, unless it is to be left out', async () => {
    const directory = policy('linked');
    symlinkSync('/etc/passwd', join(directory, 'mine/more.rego'));
    expect(await build(['linked'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: LinkRefused: linked\/mine\/more.rego is a symbolic link/),
    });
    const options = ['-o', 'linked.tar.gz', '--ignore', '*_test.rego', '--ignore', 'more.*'];
    expect(await build(['linked', ...options])).toMatchObject({ code: 0, stderr: '' });
  });

  it('a file that is too large', async () => {
    const directory = policy('large');
    writeFileSync(join(directory, 'mine/data.json'), Buffer.alloc(33 * 1024 * 1024, ' '));
    expect(await build(['large'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: DirectoryTooLarge: at large\/mine\/data.json/),
    });
  });

  it('a policy that takes more memory than there may be', async () => {
    const rules = [...Array(120_000).keys()].map((index) => `r${index} := [input.a${index}, "${index}"]`);
    policy('hungry', { 'mine/more.rego': `package mine\n\n${rules.join('\n')}\n` });
    expect(await build(['hungry'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: CompilerCrashed: the compiler needs more than the 1 GiB/),
    });
  });

  it('capabilities that are none, and that cannot be read', async () => {
    writeFileSync(join(scratch, 'none.json'), 'none');
    expect(await build(['good', '--capabilities', 'none.json'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: CompilationFailed: capabilities: /),
    });
    expect(await build(['good', '--capabilities', 'gone.json'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: OptionUnreadable: --capabilities gone.json/),
    });
  });

  it('a field that the schema of the input has not, in the words of opa check', async () => {
    const schema = policiesPath('schemas/input.json');
    const right = { 'mine/rule.rego': annotated('allow if input.node.labels') };
    policy('typed', right);
    policy('mistyped', { 'mine/rule.rego': annotated('allow if input.nodes.labels') });
    expect(await build(['typed', '--schema', schema, '-o', 'typed.tar.gz'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await build(['mistyped', '-o', 'mistyped.tar.gz'])).toMatchObject({ code: 0 });
    const checked = await run(await ensureTool('opa'), ['check', '--schema', schema, 'mistyped'], {
      cwd: scratch,
    });
    expect(await build(['mistyped', '--schema', schema, '-o', 'never.tar.gz'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: CompilationFailed: ${checked.stderr.trimEnd()}\n`,
    });
    expect(checked.stderr).toMatch(/undefined ref: input\.nodes\.labels/);
    expect(existsSync(join(scratch, 'never.tar.gz'))).toBe(false);
  });

  it.each(['', 'none', '[', '[]'])('a schema that is none: %j', async (text) => {
    writeFileSync(join(scratch, 'none.json'), text);
    expect(await build(['good', '--schema', 'none.json'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: CompilationFailed: .*schema/),
    });
  });

  it('a schema that cannot be read', async () => {
    expect(await build(['good', '--schema', 'gone.json'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: OptionUnreadable: --schema gone.json/),
    });
  });

  it('an output that cannot be written, and keeps what was there', async () => {
    expect(await build(['good', '-o', 'good/.manifest/bundle.tar.gz'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: OutputUnwritable: good\/\.manifest\/bundle\.tar\.gz: nothing can be written into the folder good\/\.manifest: E[A-Z]+: [a-z ]+\n$/,
      ),
    });
    expect(await build(['good', '-o', 'good/mine/data.json'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: OutputInSource: /),
    });
    writeFileSync(join(scratch, 'old.tar.gz'), 'old');
    expect(await build(['syntax', '-o', 'old.tar.gz'])).toMatchObject({ code: 2 });
    expect(readFileSync(join(scratch, 'old.tar.gz'), 'utf8')).toBe('old');
    expect(readdirSync(scratch).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('what the program would refuse, by the code that the program says', async () => {
    const directory = join(scratch, 'refused');
    cpSync(policiesPath('default'), directory, { recursive: true });
    const file = join(directory, 'csr/kubelet_serving/data.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('newest_only: true', 'newest_only: 1'));
    expect(await build(['refused', '-o', 'refused.tar.gz'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: ConfigErrors: /),
    });
    expect(existsSync(join(scratch, 'refused.tar.gz'))).toBe(false);
  });
});

describe('build', () => {
  it('takes entrypoints beside the annotated ones', async () => {
    policy('entrypoints', { 'mine/more.rego': 'package mine\n\nmore := 2\n' });
    const options = ['-e', 'mine/more', '-o', 'entrypoints.tar.gz'];
    expect(await build(['entrypoints', ...options])).toMatchObject({ code: 0, stderr: '' });
    expect((await loadBundle(join(scratch, 'entrypoints.tar.gz')))('mine/more', {})).toBe(2);
  });

  it('makes the folder of its output', async () => {
    expect(await build(['good', '-o', 'new/folder/good.tar.gz'])).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(scratch, 'new/folder'))).toEqual(['good.tar.gz']);
  });

  it('says no where a case fails, and leaves the output as it was', async () => {
    const cases = join(scratch, 'failing');
    mkdirSync(cases);
    copyFileSync(policiesPath('cases/world.yaml'), join(cases, 'world.yaml'));
    writeFileSync(join(cases, 'one.yaml'), '- {id: X-01, title: good, expect: {verdict: deny}}\n');
    const options = [policiesPath('default'), '-o', 'd.tar.gz', '--cases', 'failing'];
    const first = await build(options);
    expect(first).toMatchObject({ code: 1, stderr: '' });
    expect(first.stdout).toMatch(
      /^FAILED failing\/one.yaml:1: X-01 good\n {2}verdict: expected deny, got approve\n1 case: .*\nd\.tar\.gz is not written: 1 case failed\n$/,
    );
    expect(existsSync(join(scratch, 'd.tar.gz'))).toBe(false);

    writeFileSync(join(scratch, 'd.tar.gz'), 'declared good');
    writeFileSync(join(cases, 'two.yaml'), '- {id: X-02, title: good, expect: {verdict: wait}}\n');
    expect(await build(options)).toMatchObject({
      code: 1,
      stderr: '',
      stdout: expect.stringMatching(/\nd\.tar\.gz stays as it was: 2 cases failed\n$/),
    });
    expect(readFileSync(join(scratch, 'd.tar.gz'), 'utf8')).toBe('declared good');
  });

  it('writes nothing to a pipe where a case fails, and says so beside it', async () => {
    const options = [policiesPath('default'), '-o', '/dev/stdout', '--cases', 'failing'];
    expect(await build(options)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/\n\/dev\/stdout is not written: 2 cases failed\n$/),
    });
  });

  it('says that the configuration must name one of several entrypoints for a signer', async () => {
    const policyOf = join(scratch, 'extend-repository/policy');
    const built = await build([policyOf, '-o', 'ambiguous.tar.gz']);
    expect(built).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /; 2 entrypoints for kubernetes\.io\/kubelet-serving \([^()]+\): name one in policy\.entrypoints\n$/,
      ),
    });
    const config = join(scratch, 'extend-repository/config.yaml');
    expect((await build([policyOf, '-o', 'named.tar.gz', '--config', config])).stdout).toMatch(/ s\)\n$/);
  });

  it('writes nothing but the bundle to a pipe', async () => {
    const built = await run(
      'sh',
      ['-c', `${dist}/rego-csr-approver build good -o /dev/stdout | gzip -t && echo whole`],
      { cwd: scratch },
    );
    expect(built).toMatchObject({ code: 0, stdout: 'whole\n', stderr: '' });
  });

  it('says where the compiler is, in an image that has none', async () => {
    const image = join(scratch, 'image');
    mkdirSync(image);
    for (const file of [...programFiles, 'node', 'rego-csr-approver'])
      copyFileSync(join(dist, file), join(image, file));
    chmodSync(join(image, 'node'), 0o755);
    expect(await run(join(image, 'rego-csr-approver'), ['build', 'good'], { cwd: scratch })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: CompilerMissing: .*npx rego-csr-approver build/),
    });
  });

  it('gives a bundle that loads as the configuration says', async () => {
    const files = await readBundleFiles(join(scratch, 'extend-ours.tar.gz'));
    const config = loadConfig(join(scratch, 'extend-repository/config.yaml'));
    const isolate = new Isolate();
    const { signers } = await loadPoliciesFrom(config, files, isolate);
    await isolate.close();
    expect([...signers.values()].map(({ entrypoint, revision }) => [entrypoint, revision])).toEqual([
      ['acme/kubelet_serving/decision', 'of extend'],
    ]);
  });
});
