/** The steps of a release, in order. Each knows whether it is done, so that an interrupted release goes on. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartSteps } from './chart-steps.ts';
import { imageSteps } from './image-steps.ts';
import { ReleaseError } from './error.ts';
import { Output } from './output.ts';
import { notes, readIn, released, releaseFiles, type Release } from './release.ts';
import { succeeds } from './run.ts';
import type { Step } from './step.ts';

/** The tag comes after all that can fail here, and before all that others see. */
export const stepsOf = (release: Release): readonly Step[] => {
  const { image, packed, pushed } = imageSteps(release);
  const chart = chartSteps(release);
  return [
    write(release),
    commit(release),
    test(release),
    image,
    packed,
    chart.packed,
    tag(release),
    push(release),
    ...(pushed ? [pushed] : []),
    ...(chart.pushed ? [chart.pushed] : []),
  ];
};

const write = (release: Release): Step => ({
  name: 'version',
  plan: `write ${release.version.text} into ${releaseFiles.join(', ')}`,
  done: () =>
    Promise.resolve(
      releaseFiles.every((file) => {
        const now = readIn(release.root, file);
        return released(file, now, release) === now;
      }),
    ),
  run: () => {
    for (const file of releaseFiles) {
      const text = released(file, readIn(release.root, file), release);
      writeFileSync(join(release.root, file), text);
    }
    return Promise.resolve();
  },
});

const commit = ({ git, version }: Release): Step => ({
  name: 'commit',
  plan: `commit them as "Release ${version.text}"`,
  done: async () => (await git.dirty()).length === 0,
  run: async () => {
    await git.run('commit', '--quiet', '-m', `Release ${version.text}`, '--', ...releaseFiles);
  },
});

/** Passed tests are remembered for the commit; a tag that was pushed says that they passed. One that is only here may be anybody's. */
const test = (release: Release): Step => ({
  name: 'tests',
  plan: release.tests,
  done: async () =>
    release.remoteState.tags.has(release.tag) || (await Output.of(release)).read('tested') === release.tests,
  run: async () => {
    if (!(await succeeds(release.tests, release.root))) {
      throw new ReleaseError(
        'TestsFailed',
        `${release.tests} failed: mend it, commit, and run the same again. Nothing has left this machine`,
      );
    }
    (await Output.of(release)).write('tested', release.tests);
  },
});

const tag = (release: Release): Step => ({
  name: 'tag',
  plan: `tag the commit ${release.tag}, with the notes of CHANGELOG.md`,
  done: async () => release.tagged || (await release.git.tagged(release.tag)) !== undefined,
  run: async () => {
    const text = `${release.tag}\n\n${notes(release)}`;
    const file = (await Output.of(release)).write('tag-message', text);
    // Signed where git's configuration says so (tag.gpgSign). Lines with `#` are headings, not comments.
    await release.git.run('tag', '--annotate', '--cleanup=whitespace', '--file', file, release.tag);
  },
});

const push = ({ git, remote, tag: name }: Release): Step => ({
  name: 'push',
  plan: `push the branch and the tag ${name} to ${remote}, both or none`,
  done: async () => (await git.remote(remote)).tags.get(name) === (await git.head()),
  run: async () => {
    const refs = [`HEAD:refs/heads/${(await git.branch()) ?? ''}`, `refs/tags/${name}`];
    try {
      await git.run('push', '--quiet', '--atomic', remote, ...refs);
    } catch (cause) {
      throw new ReleaseError(
        'PushRejected',
        `${remote} did not take branch and tag: \`git tag -d ${name}\`, bring the branch up to date and run the ` +
          `same again. ${String(cause)}`,
        { cause },
      );
    }
  },
});
