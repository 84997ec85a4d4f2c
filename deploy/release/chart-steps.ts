/** The steps that pack the Helm chart, and publish it beside the image that it names. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Artifact, artifactOf, writeArtifact } from '../helm/artifact.ts';
import { chartRepository, packChart } from '../helm/pack.ts';
import { command } from '../image/command.ts';
import { ImageError } from '../image/error.ts';
import { digestOf, listTags } from '../image/push.ts';
import { ReleaseError } from './error.ts';
import { Output } from './output.ts';
import type { Release } from './release.ts';
import type { Step } from './step.ts';

/** Not the name of the npm package, beside which it lies. */
const chartFile = ({ version }: Release): string => `helm-chart-${version.text}.tgz`;

/** What the step before has left: the image's digest. */
async function pack(release: Release): Promise<Buffer | undefined> {
  const digest = (await Output.of(release)).read('digest')?.trim();
  if (digest === undefined) return undefined;
  const repository = release.image?.repository;
  return packChart(release.root, { digest, ...(repository !== undefined && { repository }) });
}

async function artifact(release: Release): Promise<Artifact | undefined> {
  const archive = await pack(release);
  return archive && artifactOf(release.root, archive);
}

const packed = (release: Release): Step => ({
  name: 'chart',
  plan: `pack ${chartFile(release)}, which names the image by digest`,
  done: async () => {
    const archive = await pack(release);
    const file = join((await Output.of(release)).folder, chartFile(release));
    return archive !== undefined && existsSync(file) && readFileSync(file).equals(archive);
  },
  run: async () => {
    const archive = await pack(release);
    if (archive === undefined)
      throw new ReleaseError('BuildFailed', 'there is no image for the chart to name');
    (await Output.of(release)).write(chartFile(release), archive);
  },
});

/** Only with `--image`. The chart is pushed after the image: who can pull it can pull what it names. */
const pushed = (release: Release): Step | undefined => {
  const { image: target, version } = release;
  if (target === undefined) return undefined;
  const { plainHttp } = target;
  const repository = chartRepository(target.repository);
  const reference = `${repository}:${version.text}`;
  const existing = async () =>
    (await listTags(repository, plainHttp)).includes(version.text)
      ? digestOf(reference, plainHttp)
      : undefined;
  return {
    name: 'push chart',
    plan: `push it to ${repository}`,
    done: async () => {
      const chart = await artifact(release);
      return chart !== undefined && (await existing()) === chart.digest;
    },
    run: async () => {
      const chart = await artifact(release);
      if (chart === undefined)
        throw new ReleaseError('BuildFailed', 'there is no image for the chart to name');
      const found = await existing();
      if (found !== undefined) {
        throw new ImageError(
          'VersionTaken',
          `${reference} is ${found}, this is ${chart.digest}: a version never changes, release the next one`,
        );
      }
      await copy(chart, `docker://${reference}`, plainHttp);
    },
  };
};

async function copy(chart: Artifact, to: string, plainHttp: boolean): Promise<void> {
  const layout = mkdtempSync(join(tmpdir(), 'chart-'));
  try {
    writeArtifact(layout, chart);
    const flags = ['--preserve-digests', `--dest-tls-verify=${String(!plainHttp)}`];
    await command('skopeo', ['copy', ...flags, `oci:${layout}:${chart.version}`, to]);
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

export const chartSteps = (release: Release) => ({ packed: packed(release), pushed: pushed(release) });

/** Digest of the chart as an OCI artifact, which is signed. */
export const chartDigest = async (release: Release): Promise<string> =>
  (await artifact(release))?.digest ?? '';
