import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readBundleFiles } from '../../src/bundle/files.ts';
import { run } from '../support/command-line.ts';
import { eventually } from '../support/eventually.ts';
import { policiesPath } from './paths.ts';

/** `build --watch` as a process of its own, while somebody edits. */

let scratch: string;
let repository: string;
let child: ChildProcess;
let said: string;

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'build-watch-'));
  repository = join(scratch, 'repository');
  expect(await run(['init', repository])).toMatchObject({ code: 0 });
  said = '';
  const options = ['--watch', '--cases', 'cases', '--config', 'config.yaml', '-o', 'bundle.tar.gz'];
  child = spawn(policiesPath('../dist/rego-csr-approver'), ['build', 'policy', ...options], {
    cwd: repository,
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
  await hears(built);
});
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(scratch, { recursive: true, force: true });
});

/** Waits until it says so, and forgets what it has said. */
async function hears(words: RegExp): Promise<string> {
  const heard = await eventually(() => (words.test(said) ? said : undefined), {
    withinMs: 60_000,
    explain: () => said,
  });
  said = '';
  return heard;
}

const path = (name: string) => join(repository, name);

const built = /^\d\d:\d\d:\d\d built bundle\.tar\.gz: \d+ files/m;
const stays = /^\d\d:\d\d:\d\d bundle\.tar\.gz stays as it was$/m;

/** As an editor that writes another file and puts it in the place. */
function save(name: string, edit: (text: string) => string): void {
  const text = edit(readFileSync(path(name), 'utf8'));
  writeFileSync(path(`${name}~`), text);
  renameSync(path(`${name}~`), path(name));
}

const pool = 'policy/acme/kubelet_serving/pool.rego';
const sourceInBundle = async () => {
  const files = await readBundleFiles(path('bundle.tar.gz'));
  return new TextDecoder().decode(files.get(pool));
};

it('builds and runs the cases on each save, survives what is broken, and ends on Ctrl-C', async () => {
  const good = readFileSync(path(pool), 'utf8');

  save(pool, (text) => text.replace('"edge"', '"edge", "edited"'));
  expect(await hears(built)).toMatch(/^7 cases: 7 passed/m);
  expect(await sourceInBundle()).toContain('"edited"');

  save(pool, (text) => text.replace('allow', 'allow if {'));
  save(pool, () => `${good}\nbroken if {\n`);
  const broken = await hears(stays);
  expect(broken).toMatch(/^error: .*pool\.rego:\d+: rego_parse_error/m);
  expect(broken).not.toMatch(/passed/);
  // The last good one is still in place.
  expect(await sourceInBundle()).toContain('"edited"');

  writeFileSync(path(pool), good);
  await hears(built);
  expect(await sourceInBundle()).not.toContain('"edited"');

  // A bundle by which a case fails is none to be taken for a good one.
  const before = readFileSync(path('bundle.tar.gz'));
  save('cases/extend.yaml', (text) => text.replace('verdict: approve', 'verdict: deny'));
  const failed = await hears(/stays as it was: 1 case failed$/m);
  expect(failed).toMatch(/^7 cases: 6 passed, 1 failed/m);
  expect(failed).toContain('expected deny, got approve');
  expect(failed).not.toMatch(/built/);
  save(pool, (text) => text.replace('"edge"', '"edge", "unshipped"'));
  await hears(/^\d\d:\d\d:\d\d bundle\.tar\.gz stays as it was: 1 case failed$/m);
  expect(readFileSync(path('bundle.tar.gz')).equals(before)).toBe(true);

  save('cases/extend.yaml', (text) => text.replace('verdict: deny', 'verdict: [deny'));
  expect(await hears(stays)).toMatch(/^error: CaseInvalid: cases\/extend\.yaml:\d+/m);

  rmSync(path('policy'), { recursive: true });
  expect(await hears(stays)).toMatch(/^error: (DirectoryUnreadable|CompilationFailed): /m);

  child.kill('SIGINT');
  await once(child, 'exit');
  expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  expect(said).toBe('');
  expect(readdirSync(repository).filter((name) => name.startsWith('.bundle'))).toEqual([]);
});

it('ends at once when it is told to while it compiles', async () => {
  save(pool, (text) => `${text}\n# edited\n`);
  child.kill('SIGTERM');
  await once(child, 'exit');
  expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  expect(said).not.toContain('error');
});
