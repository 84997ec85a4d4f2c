import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command } from '../../deploy/image/command.ts';
import { digestOf } from '../../deploy/image/push.ts';
import { blobFile, indexDigest, labelsOf, platformManifests } from '../../deploy/image/layout.ts';
import { referrersTag } from '../../deploy/image/referrer.ts';
import { versionedFiles, withVersion } from '../../deploy/release/places.ts';
import { run } from '../tools/run.ts';
import { Helm } from '../chart/helm.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { Workshop } from './workshop.ts';

/**
 * The release script, told as the story of a repository: 1.1.8 is out, then come 1.2.3, 1.2.4, 1.1.9 and 1.3.0-rc.1.
 * Real git, a real registry, real images; the tests that the script runs are a quick check of the built program.
 */

let shop: Workshop;
beforeAll(async () => {
  shop = await Workshop.open('1.1.8');
  await shop.git('branch', 'release-1.1');
  await shop.change('Something.');
  await shop.git('push', '--quiet', 'origin', 'main');
});
afterAll(() => shop?.close());

const today = () => new Date().toISOString().slice(0, 10);
const outputs = (version: string): Record<string, string> =>
  Object.fromEntries(
    shop
      .read(`dist/release/${version}/outputs`)
      .trim()
      .split('\n')
      .map((line) => line.split('=', 2)),
  );
const refused = async (code: string, version: string, more: readonly string[] = []) => {
  const before = await shop.state();
  const result = await shop.release(version, more);
  expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`error: ${code}: `) });
  expect(await shop.state()).toEqual(before);
  return result.stderr;
};

/** A hook that refuses: the release ends there, as it does when the machine is switched off. */
async function interruptedBy(hook: string, version: string, code: string): Promise<void> {
  const file = join(shop.checkout, '.git/hooks', hook);
  mkdirSync(join(file, '..'), { recursive: true });
  shop.write(`.git/hooks/${hook}`, '#!/bin/sh\necho not now >&2\nexit 1\n');
  chmodSync(file, 0o755);
  const result = await shop.release(version);
  rmSync(file);
  expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining(`error: ${code}: `) });
  expect(result.stderr).toContain('not now');
}

describe('before anything is changed', () => {
  test('a dry run shows every step, and changes nothing', async () => {
    const before = await shop.state();
    const { stderr, ...rest } = await shop.release('1.2.3', ['--dry-run']);
    expect(rest).toMatchObject({ code: 0, stdout: '' });
    const names = stderr
      .split('\n')
      .map((line) => /^(done|would) +([a-z ]+)(?=:|$)/.exec(line)?.slice(1).join(' '));
    expect(names.filter((name) => name !== undefined)).toEqual([
      'done checks',
      ...[
        'version',
        'commit',
        'tests',
        'image',
        'package',
        'chart',
        'tag',
        'push',
        'push image',
        'push chart',
      ].map((name) => `would ${name}`),
    ]);
    expect(await shop.state()).toEqual(before);
    expect(existsSync(join(shop.checkout, 'dist/release'))).toBe(false);
  });

  test.each(['1.2', 'v1.2.3', '1.2.3+4', '01.2.3'])('%s is no version', async (version) => {
    await refused('VersionInvalid', version);
  });

  test('a version that is older than the last one is refused, and the message names the branch for it', async () => {
    expect(await refused('VersionNotNewer', '1.1.7')).toContain('release-1.1');
  });

  test('a version that is a tag already is refused', async () => {
    expect(await refused('VersionTaken', '1.1.8')).toContain('v1.1.8');
  });

  test('files that are not committed are refused, and named', async () => {
    shop.write('stray.txt', 'x');
    expect(await refused('TreeDirty', '1.2.3')).toContain('stray.txt');
    rmSync(join(shop.checkout, 'stray.txt'));
    const manifest = shop.read('package.json');
    shop.write('package.json', manifest.replace('"license": "Apache-2.0"', '"license": "MIT"'));
    expect(await refused('TreeDirty', '1.2.3')).toContain('package.json');
    shop.write('package.json', manifest);
  });

  test('another branch is refused', async () => {
    await shop.git('checkout', '--quiet', '-b', 'feature');
    expect(await refused('BranchWrong', '1.2.3')).toContain('main or release-1.2');
    await shop.git('checkout', '--quiet', 'main');
    await shop.git('checkout', '--quiet', '--detach');
    await refused('BranchWrong', '1.2.3');
    await shop.git('checkout', '--quiet', 'main');
  });

  test('a branch that lacks what the remote has is refused', async () => {
    await shop.git('commit', '--quiet', '--allow-empty', '-m', 'Of another maintainer');
    await shop.git('push', '--quiet', 'origin', 'main');
    await shop.git('reset', '--quiet', '--hard', 'HEAD~');
    await refused('BranchBehind', '1.2.3');
    await shop.git('pull', '--quiet', '--ff-only', 'origin', 'main');
  });

  test('a changelog without entries is refused', async () => {
    shop.write('CHANGELOG.md', shop.read('CHANGELOG.md').replace('* Something.', ''));
    await shop.commit('Say nothing');
    await refused('ChangelogEmpty', '1.2.3');
    await shop.git('reset', '--quiet', '--hard', 'HEAD~');
  });

  test('a remote that does not answer is an error', async () => {
    await refused('RemoteUnreachable', '1.2.3', ['--remote', join(shop.scratch, 'nowhere')]);
  });

  test('a tag by hand, on a commit that does not say the version, is refused', async () => {
    await shop.git('tag', 'v1.2.3');
    const message = await refused('TagUnfit', '1.2.3');
    for (const file of ['package.json', 'CHANGELOG.md']) expect(message).toContain(file);
    await shop.git('tag', '-d', 'v1.2.3');
  });

  test('a tag by hand, on one that does, says nothing of its tests', async () => {
    await shop.git('checkout', '--quiet', '-b', 'by-hand');
    for (const file of versionedFiles) shop.write(file, withVersion(file, shop.read(file), '1.2.3'));
    const text = shop.read('CHANGELOG.md');
    shop.write('CHANGELOG.md', text.replace('## Unreleased\n', '## Unreleased\n\n## 1.2.3 - 2026-01-03\n'));
    await shop.commit('Release 1.2.3 by hand');
    await shop.git('checkout', '--quiet', 'main');
    await shop.git('merge', '--quiet', '--ff-only', 'by-hand');
    await shop.git('tag', 'v1.2.3');
    expect(await shop.script(['1.2.3', '--tests', 'false'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error: TestsFailed: '),
    });
    await shop.git('tag', '-d', 'v1.2.3');
    await shop.git('reset', '--quiet', '--hard', 'HEAD~');
    await shop.git('branch', '--quiet', '-D', 'by-hand');
  });

  test.each(['', 'null', `sha256:${'a'.repeat(63)}`])('the digest %j is none', async (digest) => {
    await refused('UsageInvalid', '1.2.3', ['--digest', digest]);
  });

  test('what make is told of another machine is a word, and no command', async () => {
    const stray = join(shop.scratch, 'stray');
    const result = await run('make', ['release', 'VERSION=1.2.3', `DIGEST=x; touch ${stray}`], {
      cwd: shop.checkout,
    });
    expect(result.stderr).toContain('error: UsageInvalid: ');
    expect(existsSync(stray)).toBe(false);
  });

  test('an unknown option is refused', async () => {
    await refused('UsageInvalid', '1.2.3', ['--force']);
  });
});

const branch = () => shop.git('log', '--format=%s', 'v1.1.8..HEAD');
const atRemote = async () => (await command('git', ['-C', shop.remote, 'tag', '--list'])).trim().split('\n');

describe('1.2.3', () => {
  test('ends where the commit fails, and goes on from there until tests fail: nothing has left', async () => {
    await interruptedBy('pre-commit', '1.2.3', 'CommandFailed');
    expect(await shop.git('status', '--porcelain')).toContain(' M package.json');
    expect(await shop.script(['1.2.3', '--tests', 'false'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error: TestsFailed: '),
    });
    expect(await branch()).toBe('Release 1.2.3\nOf another maintainer\nSomething.\n');
    expect(await shop.git('tag', '--list')).toBe('v1.1.8\n');
    expect(await atRemote()).toEqual(['v1.1.8']);
    expect(await shop.published()).toEqual({});
  });

  test('ends where the push fails, with a tag that is only here', async () => {
    await interruptedBy('pre-push', '1.2.3', 'PushRejected');
    expect(await shop.git('tag', '--list')).toBe('v1.1.8\nv1.2.3\n');
    expect(await atRemote()).toEqual(['v1.1.8']);
    expect(await shop.published()).toEqual({});
  });

  test('goes on with what is left, and is whole', async () => {
    const { stderr, stdout, ...rest } = await shop.release('1.2.3');
    expect(rest).toMatchObject({ code: 0 });
    expect(stdout).toBe(`${join(shop.checkout, 'dist/release/1.2.3')}\n`);
    expect(
      stderr
        .split('\n')
        .filter((line) => line.startsWith('==>'))
        .map((line) => line.split(':')[0]),
    ).toEqual(['==>    push', '==>    push image', '==>    push chart']);
    expect(await branch()).toBe('Release 1.2.3\nOf another maintainer\nSomething.\n');
  });

  test('git: one commit of the release files, and an annotated tag with the notes, at the remote', async () => {
    expect((await shop.git('show', '--format=', '--name-only', 'HEAD')).trim().split('\n')).toEqual([
      'CHANGELOG.md',
      'deploy/chart/Chart.yaml',
      'deploy/kustomize/base/deployment.yaml',
      'package-lock.json',
      'package.json',
    ]);
    const there = (...args: string[]) => command('git', ['-C', shop.remote, ...args]);
    expect(await there('cat-file', '-t', 'v1.2.3')).toBe('tag\n');
    expect(await there('rev-parse', 'v1.2.3^{commit}', 'main')).toBe(
      (await shop.git('rev-parse', 'HEAD')).repeat(2),
    );
    expect(await there('tag', '--list', '--format=%(contents)', 'v1.2.3')).toBe(
      'v1.2.3\n\n### Fixed\n\n* Something.\n\n',
    );
  });

  test('the changelog has its section, and an empty one for what comes', () => {
    expect(shop.read('CHANGELOG.md')).toBe(
      `# Changelog\n\n## Unreleased\n\n## 1.2.3 - ${today()}\n\n### Fixed\n\n* Something.\n\n## 1.1.8 - 2026-01-02\n\n* Old.\n`,
    );
    expect(shop.read('dist/release/1.2.3/notes.md')).toBe('### Fixed\n\n* Something.\n');
  });

  test('the registry has four tags of one digest, which comes back as it was built, SBOMs beside it', async () => {
    const layout = join(shop.checkout, 'dist/image/layout');
    const digest = indexDigest(layout, '1.2.3');
    expect(await shop.published()).toEqual({ '1.2.3': digest, '1.2': digest, '1': digest, latest: digest });
    const back = join(shop.scratch, 'back');
    const from = `docker://${shop.repository}@${digest}`;
    const flags = ['--all', '--preserve-digests', '--src-tls-verify=false'];
    await command('skopeo', ['copy', ...flags, from, `oci:${back}:back`]);
    expect(indexDigest(back, 'back')).toBe(digest);
    for (const manifest of platformManifests(layout, digest)) {
      expect(readFileSync(blobFile(back, manifest.digest))).toEqual(
        readFileSync(blobFile(layout, manifest.digest)),
      );
      expect(labelsOf(back, manifest.digest)).toMatchObject({
        'org.opencontainers.image.version': '1.2.3',
        'org.opencontainers.image.revision': outputs('1.2.3')['commit'],
      });
      const sbom = `rego-csr-approver/manifests/${referrersTag(manifest.digest)}`;
      // oxlint-disable-next-line no-await-in-loop -- two
      expect((await shop.registry.get(sbom, 'application/vnd.oci.image.index.v1+json')).toString()).toContain(
        'manifests',
      );
    }
    expect(outputs('1.2.3')).toMatchObject({
      digest,
      latest: 'true',
      prerelease: 'false',
      npm_tag: 'latest',
    });
  });

  test('program, manifests and npm package say 1.2.3', async () => {
    expect(await command(join(shop.checkout, 'dist/rego-csr-approver'), ['--version'])).toBe('1.2.3\n');
    expect(shop.read('deploy/kustomize/base/deployment.yaml')).toContain('image: rego-csr-approver:1.2.3\n');
    const tarball = join(shop.checkout, 'dist/release/1.2.3/rego-csr-approver-1.2.3.tgz');
    const packed: unknown = JSON.parse(await command('tar', ['-xzOf', tarball, 'package/package.json']));
    expect(packed).toMatchObject({ name: 'rego-csr-approver', version: '1.2.3' });
    const sha256 = createHash('sha256').update(readFileSync(tarball)).digest('hex');
    expect(outputs('1.2.3')['package_sha256']).toBe(sha256);
  });

  test('the chart is pulled back as it was packed, and installed: it runs the image of this release', async () => {
    const packed = readFileSync(join(shop.checkout, 'dist/release/1.2.3/helm-chart-1.2.3.tgz'));
    const cluster = await startControlPlane();
    const helm = await Helm.open(cluster.adminKubeconfig);
    try {
      const from = ['--plain-http', '--version', '1.2.3', `oci://${shop.charts}`];
      await helm.said('pull', '--destination', helm.home, ...from);
      expect(readFileSync(join(helm.home, 'rego-csr-approver-1.2.3.tgz'))).toEqual(packed);
      await helm.said('install', 'approver', '--namespace', 'approver', '--create-namespace', ...from);
      const image = 'jsonpath={.items[*].spec.template.spec.containers[*].image}';
      const installed = await cluster.kubectl(['get', 'deployment', '-n', 'approver', '-o', image]);
      expect(installed).toBe(`${shop.repository}@${outputs('1.2.3')['digest'] ?? ''}`);
      expect(await digestOf(installed, true)).toBe(outputs('1.2.3')['digest']);
      const listed = await helm.said('list', '--namespace', 'approver', '--output', 'json');
      expect(JSON.parse(listed)).toMatchObject([{ chart: 'rego-csr-approver-1.2.3', app_version: '1.2.3' }]);
    } finally {
      helm.close();
      await cluster.stop();
    }
    expect(await digestOf(`${shop.charts}:1.2.3`, true)).toBe(outputs('1.2.3')['chart_digest']);
  });

  test('run again, it finds everything done and changes nothing', async () => {
    const before = await shop.state();
    const { stderr, ...rest } = await shop.release('1.2.3');
    expect(rest).toMatchObject({ code: 0 });
    expect(stderr.match(/^==>.*$/gm)).toBe(null);
    expect(stderr.match(/^done/gm)).toHaveLength(11);
    expect(await shop.state()).toEqual(before);
  });
});

describe('1.2.4', () => {
  test('is signed where git is configured to sign, and takes the tags with it', async () => {
    const old = await shop.published();
    const key = join(shop.scratch, 'key');
    await command('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const signers = join(shop.scratch, 'signers');
    await command('sh', ['-c', 'echo "maintainer@example.com $(cat "$0.pub")" > "$1"', key, signers]);
    const settings = { 'gpg.format': 'ssh', 'user.signingKey': key, 'tag.gpgSign': 'true' };
    for (const [name, value] of Object.entries({ ...settings, 'gpg.ssh.allowedSignersFile': signers })) {
      // oxlint-disable-next-line no-await-in-loop -- git locks its configuration
      await shop.git('config', name, value);
    }
    await shop.change('Another thing.');
    expect(await shop.release('1.2.4')).toMatchObject({ code: 0 });
    await shop.git('verify-tag', 'v1.2.4');
    const now = await shop.published();
    const digest = now['1.2.4'] ?? '';
    expect(digest).not.toBe(old['1.2.3']);
    expect(now).toEqual({
      '1.2.3': old['1.2.3'],
      '1.2.4': digest,
      '1.2': digest,
      '1': digest,
      latest: digest,
    });
  });

  test('the workflow, on the tag in a checkout of its own, builds the same image and has nothing to push', async () => {
    const elsewhere = join(shop.scratch, 'elsewhere');
    await command('git', ['clone', '--quiet', '--branch', 'v1.2.4', shop.remote, elsewhere]);
    await shop.install(elsewhere);
    const before = await shop.state();
    const { digest = '' } = outputs('1.2.4');
    const wrong = await shop.release(
      '1.2.4',
      ['--digest', digest.replace(/.$/, (x) => (x === '0' ? '1' : '0'))],
      elsewhere,
    );
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('error: DigestDiffers: ') });
    const { stderr, ...rest } = await shop.release('1.2.4', ['--digest', digest], elsewhere);
    expect(rest).toMatchObject({ code: 0 });
    expect(stderr.match(/^done +.*$/gm)?.map((line) => line.split(/ +/).slice(1).join(' '))).toEqual([
      'checks: v1.2.4 can be released, or is',
      'version',
      'commit',
      'tests',
      'tag',
      'push',
      'push image',
      'push chart',
    ]);
    expect(await shop.state()).toEqual(before);
  });

  test('an older release, and one that only the registry has, are taken', async () => {
    await shop.change('A third thing.');
    await refused('VersionTaken', '1.2.3');
    const copy = ['copy', '--all', '--src-tls-verify=false', '--dest-tls-verify=false'];
    const strangers = [
      ['1.2.5', shop.repository],
      ['1.2.6', shop.charts],
    ] as const;
    for (const [version, repository] of strangers) {
      const [from = '', to = ''] = ['1.2.3', version].map((tag) => `docker://${repository}:${tag}`);
      // oxlint-disable-next-line no-await-in-loop -- two
      await command('skopeo', [...copy, from, to]);
      // oxlint-disable-next-line no-await-in-loop
      expect(await refused('VersionTaken', version)).toContain(
        `${repository} has ${version}, and git has no v`,
      );
    }
  });
});

test('1.1.9, a fix of the old line, moves only the tag of its line', async () => {
  const old = await shop.published();
  await refused('VersionNotNewer', '1.1.9');
  await shop.git('checkout', '--quiet', 'release-1.1');
  await refused('BranchWrong', '1.2.6');
  await shop.change('An old thing.');
  expect(await shop.release('1.1.9')).toMatchObject({ code: 0 });
  const now = await shop.published();
  expect(now).toEqual({ ...old, '1.1.9': now['1.1.9'], '1.1': now['1.1.9'] });
  expect(Object.values(old)).not.toContain(now['1.1.9']);
  expect(outputs('1.1.9')).toMatchObject({ latest: 'false', npm_tag: 'release-1.1' });
});

test('1.3.0-rc.1 gets its own tag alone, and leaves the changelog to 1.3.0', async () => {
  const old = await shop.published();
  await shop.git('checkout', '--quiet', 'main');
  const changelog = shop.read('CHANGELOG.md');
  expect(await shop.release('1.3.0-rc.1')).toMatchObject({ code: 0 });
  const now = await shop.published();
  expect(now).toEqual({ ...old, '1.3.0-rc.1': now['1.3.0-rc.1'] });
  expect(Object.values(old)).not.toContain(now['1.3.0-rc.1']);
  expect(shop.read('CHANGELOG.md')).toBe(changelog);
  expect(shop.read('dist/release/1.3.0-rc.1/notes.md')).toContain('A third thing.');
  expect(outputs('1.3.0-rc.1')).toMatchObject({ latest: 'false', prerelease: 'true', npm_tag: 'next' });
});
