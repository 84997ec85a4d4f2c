// `make release`: from a clean branch to a pushed tag and, with --image, to a pushed image. Run again, it goes on where
// it ended; on the tag's commit, as the workflow runs it, only what follows the tag is left to do.
import { parseArgs } from 'node:util';
import { ImageError } from '../image/error.ts';
import { root } from '../image/paths.ts';
import { need } from '../image/preflight.ts';
import { parseVersion } from '../image/semver.ts';
import { check } from './checks.ts';
import { ReleaseError } from './error.ts';
import type { ReleaseOptions } from './release.ts';
import { writeResults } from './results.ts';
import { stepsOf } from './steps.ts';

const usage =
  'use main.ts VERSION [--dry-run] [--remote NAME] [--branch NAME] [--tests COMMAND] [--digest sha256:…] ' +
  '[--image REPOSITORY [--plain-http]]';
const say = (line: string): void => void process.stderr.write(`${line}\n`);

function options(argv: string[]): ReleaseOptions & { readonly dryRun: boolean } {
  let parsed;
  try {
    parsed = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean', default: false },
        remote: { type: 'string', default: 'origin' },
        branch: { type: 'string', default: 'main' },
        tests: { type: 'string', default: '.ci/run' },
        digest: { type: 'string' },
        image: { type: 'string' },
        'plain-http': { type: 'boolean', default: false },
      },
    });
  } catch (cause) {
    throw new ReleaseError('UsageInvalid', `${String(cause)}; ${usage}`, { cause });
  }
  const { values, positionals } = parsed;
  const [text = '', ...more] = positionals;
  if (more.length > 0 || text === '') throw new ReleaseError('UsageInvalid', usage);
  const version = parseVersion(text);
  if (version === undefined) {
    throw new ReleaseError(
      'VersionInvalid',
      `${text} is no version: MAJOR.MINOR.PATCH, as in 1.2.3 or 1.3.0-rc.1`,
    );
  }
  const { remote, branch, tests, digest, image } = values;
  // Also when it is empty: a comparison that was asked for is never left out.
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new ReleaseError('UsageInvalid', `--digest ${digest} is no digest; ${usage}`);
  }
  return {
    version,
    root,
    remote,
    branch,
    tests,
    today: new Date().toISOString().slice(0, 10),
    dryRun: values['dry-run'],
    ...(digest !== undefined && { digest }),
    ...(image !== undefined && { image: { repository: image, plainHttp: values['plain-http'] } }),
  };
}

async function main(argv: string[]): Promise<void> {
  const { dryRun, ...rest } = options(argv);
  // A dry run installs nothing either.
  if (rest.image !== undefined) await need(['skopeo'], say, !dryRun && process.getuid?.() === 0);
  const release = await check(rest);
  say(`done   checks: ${release.tag} can be released${release.tagged ? ', or is' : ''}`);
  let pending = false;
  for (const { name, plan, done, run } of stepsOf(release)) {
    // oxlint-disable no-await-in-loop -- in order
    // A dry run cannot look beyond a step that it did not take.
    if (!pending && (await done())) say(`done   ${name}`);
    else {
      say(`${dryRun ? 'would ' : '==>   '} ${name}: ${plan}`);
      if (dryRun) pending = true;
      else await run();
    }
    // oxlint-enable no-await-in-loop
  }
  if (dryRun) say('nothing was changed');
  else process.stdout.write(`${await writeResults(release)}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ReleaseError || error instanceof ImageError)) throw error;
  say(`error: ${error.code}: ${error.message}`);
  process.exitCode = 2;
}
