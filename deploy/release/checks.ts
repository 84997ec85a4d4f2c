/** What must hold before anything is changed; nothing here changes anything. */
import { compareVersions, parseVersion, type Version } from '../image/semver.ts';
import { chartRepository } from '../helm/pack.ts';
import { listTags } from '../image/push.ts';
import { ReleaseError } from './error.ts';
import { Git } from './git.ts';
import { statedVersion } from './places.ts';
import { readIn, released, releaseFiles, type Release, type ReleaseOptions } from './release.ts';

/** @throws ReleaseError with what is in the way of the release */
export async function check(options: ReleaseOptions): Promise<Release> {
  const git = new Git(options.root);
  const tag = `v${options.version.text}`;
  const head = await git.head();
  const remoteState = await git.remote(options.remote);
  const places = { here: await git.tagged(tag), [options.remote]: remoteState.tags.get(tag) };
  for (const [place, commit] of Object.entries(places)) {
    if (commit !== undefined && commit !== head) {
      throw new ReleaseError(
        'VersionTaken',
        `the tag ${tag} is commit ${commit} (${place}), and ${head} is checked out: a version never changes. ` +
          'To go on with that release, check the tag out; otherwise release the next version',
      );
    }
  }
  const tagged = Object.values(places).some((commit) => commit !== undefined);
  const release = { ...options, git, remoteState, tag, tagged };
  await checkTree(release);
  if (remoteState.tags.get(tag) === undefined) await checkBranch(release);
  if (!tagged) {
    await checkNewer(release);
    await checkRegistry(release);
  }
  // Here for their refusals, before there are any changes.
  for (const file of releaseFiles) released(file, readIn(options.root, file), options);
  if (tagged) await checkTagged(release);
  return release;
}

/** A tag that somebody made by hand: the commit that this release would write is another one, and would not have it. */
async function checkTagged(release: Release): Promise<void> {
  const { git, tag, version } = release;
  const others: string[] = [];
  for (const file of releaseFiles) {
    // oxlint-disable-next-line no-await-in-loop -- a handful
    const committed = await git.committed(file);
    if (released(file, committed, release) !== committed) others.push(file);
  }
  if (others.length === 0) return;
  throw new ReleaseError(
    'TagUnfit',
    `the tag ${tag} is on a commit that is not the release ${version.text}: so say ${others.join(', ')}. ` +
      `If it is only here, \`git tag -d ${tag}\` and run the same again; otherwise release the next version`,
  );
}

/** Clean, but for what an interrupted run of this same release wrote. */
async function checkTree(release: Release): Promise<void> {
  const { git, root } = release;
  const strange: string[] = [];
  for (const file of await git.dirty()) {
    const ours =
      releaseFiles.includes(file) &&
      // oxlint-disable-next-line no-await-in-loop -- a handful
      released(file, await git.committed(file), release) === readIn(root, file);
    if (!ours) strange.push(file);
  }
  if (strange.length > 0) {
    throw new ReleaseError(
      'TreeDirty',
      `changes that are not committed: ${strange.join(', ')}. Commit them, or \`git stash -u\``,
    );
  }
}

const lineBranch = ({ numbers: [major, minor] }: Version): string =>
  `release-${String(major)}.${String(minor)}`;

async function checkBranch(release: Release): Promise<void> {
  const { git, version, branch: main, remote, remoteState } = release;
  const branch = await git.branch();
  const allowed = [main, lineBranch(version)];
  if (branch === undefined || !allowed.includes(branch)) {
    throw new ReleaseError(
      'BranchWrong',
      `${branch ?? 'no branch'} is checked out: ${version.text} is released from ${allowed.join(' or ')}`,
    );
  }
  const tip = remoteState.branches.get(branch);
  if (tip !== undefined && !(await git.contains(tip))) {
    throw new ReleaseError('BranchBehind', `${remote} has commits that ${branch} lacks: \`git pull\` first`);
  }
}

/** Newer than every release in this branch's history, and not older than what package.json says. */
async function checkNewer({ git, version, root }: Release): Promise<void> {
  const tags = (await git.tags('merged')).map((name) => parseVersion(name.slice(1)));
  const stated = statedVersion((file) => readIn(root, file));
  const others = tags.filter((one) => one !== undefined && compareVersions(one, version) >= 0);
  const [newest] = others.toSorted((a, b) => (a && b ? compareVersions(b, a) : 0));
  const current = parseVersion(stated);
  const above = newest ?? (current && compareVersions(current, version) > 0 ? current : undefined);
  if (above !== undefined) {
    throw new ReleaseError(
      'VersionNotNewer',
      `${version.text} is not newer than ${above.text}, which this branch has. ` +
        `A fix of an older line is released from its own branch, ${lineBranch(version)}`,
    );
  }
}

/** A version in the registry without a tag in git was pushed by someone else, or from a history that is gone. */
async function checkRegistry({ image, version, tag }: Release): Promise<void> {
  if (image === undefined) return;
  for (const repository of [image.repository, chartRepository(image.repository)]) {
    // oxlint-disable-next-line no-await-in-loop -- two
    const existing = await listTags(repository, image.plainHttp);
    if (existing.includes(version.text)) {
      throw new ReleaseError(
        'VersionTaken',
        `${repository} has ${version.text}, and git has no ${tag}: a version never changes, release the next one`,
      );
    }
  }
}
