import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { opa, outcome, Sandbox, versionText, writesOpa } from './fake-go.ts';
import { mayBeAlive, self } from './owner.ts';
import { findTool, toolNames } from './tools.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => {
  sandbox.remove();
});

const title = `opa ${opa.version}`;
const isAlive = (pid: number): boolean => mayBeAlive({ pid, started: '', host: self.host });

test.for(toolNames)('%s is what a tool directive of its module pins', (name) => {
  const tool = findTool(name);
  const goMod = readFileSync(join(tool.moduleDirectory, 'go.mod'), 'utf8');
  expect(goMod).toMatch(new RegExp(`^(tool |\t)${tool.importPath}$`, 'm'));
  expect(tool.version).toMatch(/^v\d+\.\d+\.\d+$/);
});

test('builds what is missing, once, and says how long it takes', async () => {
  sandbox.writeGo(writesOpa);
  const first = await sandbox.run(['opa']);
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^opa \/.*\/opa\n$/) });
  expect(first.stderr).toMatch(
    new RegExp(`^${title}: building, about 2 minutes, first time only\n${title}: built in \\d+s\n$`),
  );
  const second = await sandbox.run(['--print-path', 'opa']);
  expect(second).toEqual({ code: 0, stderr: '', stdout: `${dirname(first.stdout.slice(4))}\n` });
  expect(sandbox.builds).toBe(1);
  expect(sandbox.cached()).toHaveLength(1);
});

describe('what Go is', () => {
  test('missing', async () => {
    const { code, stderr } = await sandbox.run(['opa']);
    expect(stderr).toMatch(
      /^Go 1\.\d+\.\d+ or newer is needed to build opa v\S+, and there is no go on PATH\.\n$/,
    );
    expect(code).toBe(2);
  });

  test('older than the go directive', async () => {
    sandbox.writeGo(writesOpa, '1.20.14');
    const { code, stderr } = await sandbox.run(['opa']);
    expect(stderr).toMatch(/^Go 1\.\d+\.\d+ or newer is needed .*, and the go on PATH is 1\.20\.14: .*\n$/);
    expect(code).toBe(2);
    expect(sandbox.builds).toBe(0);
  });

  test('unable to fetch the toolchain it needs', async () => {
    sandbox.writeProgram('go', 'echo "go: download go1.26: dial tcp: no such host" >&2; exit 1');
    const { code, stderr } = await sandbox.run(['opa']);
    expect(stderr).toMatch(/`go version` failed: go: download go1\.26/);
    expect(code).toBe(2);
  });

  test("run in the user's settings, but for those that would break the build", async () => {
    sandbox.writeGo(writesOpa);
    const theirs = { GOFLAGS: '-mod=vendor', GOWORK: '/x/go.work', GOOS: 'plan9', GO111MODULE: 'off' };
    await sandbox.run(['opa'], { ...theirs, GOPROXY: 'off', GOTOOLCHAIN: 'local' });
    const env = sandbox.read('env').split('\n');
    expect(env).toEqual(
      expect.arrayContaining([
        'GOFLAGS=-mod=readonly',
        'GOWORK=off',
        `GOOS=${process.platform}`,
        'GO111MODULE=on',
        'CGO_ENABLED=0',
        'GOPROXY=off',
        'GOTOOLCHAIN=local',
      ]),
    );
  });
});

describe('a build that fails leaves nothing and', () => {
  test.for([
    [
      "shows Go's own words",
      'echo "x.go:1:1: syntax error" >&2; exit 1',
      /exit code 1. Go said:\nx\.go:1:1: syntax/,
    ],
    [
      'names the network',
      'echo "go: x@v1: dial tcp: lookup proxy: no such host" >&2; exit 1',
      /could not be downloaded; .* Go said:\ngo: x@v1: dial/,
    ],
    [
      'names the wrong version',
      `printf '#!/bin/sh\\necho "Version: 0.0.1"' > "$2"; chmod +x "$2"`,
      /what was built reports version v0\.0\.1/,
    ],
    ['names a killed go', 'kill -9 $$', /go build was killed/],
  ] as const)('%s', async ([, script, message]) => {
    sandbox.writeGo(script);
    const { code, stdout, stderr } = await sandbox.run(['opa']);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(sandbox.cached()).toEqual([]);
  });
});

/** Until the fake Go has written half a binary. */
function half(): Promise<void> {
  return vi.waitFor(() => expect(existsSync(join(sandbox.root, 'half'))).toBe(true), 9000);
}

describe('an interrupted build', () => {
  const halfAndHang = 'printf half > "$2"; echo > "$here/half"; exec sleep 60';

  test.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s stops Go and cleans up', async ([signal, code]) => {
    sandbox.writeGo(halfAndHang);
    const child = sandbox.launch(['opa']);
    const ended = outcome(child);
    await half();
    child.kill(signal);
    expect(await ended).toMatchObject({ code, stderr: expect.stringContaining(`interrupted by ${signal}`) });
    expect(isAlive(Number(sandbox.read('pid')))).toBe(false);
    expect(sandbox.cached()).toEqual([]);
  });

  test('SIGKILL leaves nothing usable; of those that come next one builds, and tidies', async () => {
    sandbox.writeGo(halfAndHang);
    const child = sandbox.launch(['opa']);
    const ended = outcome(child);
    await half();
    const orphan = Number(sandbox.read('pid'));
    child.kill('SIGKILL');
    process.kill(-orphan, 'SIGKILL'); // Nobody is left to stop the fake Go; a real one would end by itself.
    await ended;
    expect(sandbox.cached()).toHaveLength(2); // The draft and the lock.

    sandbox.writeGo(writesOpa);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => sandbox.run(['opa'])));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(sandbox.builds).toBe(2);
    expect(sandbox.cached()).toEqual([expect.stringMatching(/\/opa\/v[^/]+\/opa$/)]);
  });
});

test('two runs at once build once, and the second says that it waits', async () => {
  sandbox.writeGo(`sleep 1; ${writesOpa}`);
  const outcomes = await Promise.all([sandbox.run(['opa']), sandbox.run(['opa'])]);
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
  expect(outcomes[0]?.stdout).toBe(outcomes[1]?.stdout);
  expect(outcomes.map(({ stderr }) => stderr).join('')).toMatch(
    new RegExp(`${title}: waiting, process \\d+ is building it`),
  );
  expect(sandbox.builds).toBe(1);
});

describe('a binary that is there already is taken', () => {
  test('from PATH at the pinned version', async () => {
    const file = sandbox.writeProgram('opa', `echo "${versionText}"`);
    expect(await sandbox.run(['opa'])).toEqual({ code: 0, stdout: `opa ${file}\n`, stderr: '' });
  });

  test('from KUBEBUILDER_ASSETS at the pinned version', async () => {
    const assets = join(sandbox.root, 'assets');
    const { version } = findTool('kube-apiserver');
    const file = sandbox.writeProgram('kube-apiserver', `echo "Kubernetes ${version}"`, assets);
    const { stdout } = await sandbox.run(['kube-apiserver'], { KUBEBUILDER_ASSETS: assets });
    expect(stdout).toBe(`kube-apiserver ${file}\n`);
  });

  test.for([
    ['at another version', `echo "${versionText}0"`],
    ['that reports none', 'true'],
    ['that fails', `echo "${versionText}"; exit 1`],
  ] as const)('but not one %s', async ([, script]) => {
    sandbox.writeProgram('opa', script);
    sandbox.writeGo(writesOpa);
    const { stdout } = await sandbox.run(['opa']);
    expect(stdout).not.toContain(sandbox.bin);
    expect(sandbox.builds).toBe(1);
  });

  test('but not one that may not be executed', async () => {
    chmodSync(sandbox.writeProgram('opa', `echo "${versionText}"`), 0o644);
    sandbox.writeGo(writesOpa);
    await sandbox.run(['opa']);
    expect(sandbox.builds).toBe(1);
  });
});

describe('clean', () => {
  test('removes the cache', async () => {
    sandbox.writeGo(writesOpa);
    await sandbox.run(['opa']);
    expect(await sandbox.run(['clean'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('go clean -cache'),
    });
    expect(sandbox.cached()).toEqual([]);
    expect(await sandbox.run(['clean'])).toMatchObject({ code: 0 });
  });

  test('does not pull the directory from under a build', async () => {
    sandbox.writeGo(`touch "$here/begun"; sleep 1; ${writesOpa}`);
    const building = sandbox.run(['opa']);
    await vi.waitFor(() => expect(existsSync(join(sandbox.root, 'begun'))).toBe(true), 9000);
    expect(await sandbox.run(['clean'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is building opa/),
    });
    expect(await building).toMatchObject({ code: 0 });
  });
});

test.for([[[]], [['nonsense']], [['--nonsense', 'opa']]])('refuses %j', async ([args]) => {
  const { code, stderr } = await sandbox.run(args ?? []);
  expect(code).toBe(2);
  expect(stderr).toContain('kube-apiserver');
});
