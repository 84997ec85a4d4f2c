/** The chart as an archive that Helm takes. Unlike `helm package`, the same sources give the same bytes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { ImageError } from '../image/error.ts';

const chartName = 'rego-csr-approver';

/** The image that a released chart runs: by digest, so that it is what was tested. */
export interface PinnedImage {
  /** `HOST[:PORT]/PATH`; undefined where it is published nowhere. */
  readonly repository?: string;
  readonly digest: string;
}

/** Where the chart of an image goes: beside it, since both have the version as their tag. */
export const chartRepository = (image: string): string =>
  [...image.split('/').slice(0, -1), 'charts', chartName].join('/');

/** @param root of the repository */
export async function packChart(root: string, image: PinnedImage): Promise<Buffer> {
  const folder = join(root, 'deploy/chart');
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  const files: (readonly [string, Buffer])[] = names.map((name) => [name, readFileSync(join(folder, name))]);
  const entries = [...files, ['LICENSE', readFileSync(join(root, 'LICENSE'))] as const].map(
    ([name, content]) => {
      const body = name === 'values.yaml' ? Buffer.from(pinned(content.toString(), image)) : content;
      return {
        header: {
          name: `${chartName}/${name}`,
          size: body.length,
          mode: 0o644,
          mtime: new Date(0),
          type: 'file' as const,
        },
        body,
      };
    },
  );
  return gzipSync(await packTar(entries), { level: 9 });
}

/** values.yaml with the image in it. */
export function pinned(text: string, { repository, digest }: PinnedImage): string {
  const [host = '', ...path] = repository?.split('/') ?? [];
  const changed = [
    ...(repository === undefined
      ? []
      : [
          { line: '  registry: ""', value: `  registry: ${JSON.stringify(host)}` },
          { line: `  repository: ${chartName}`, value: `  repository: ${JSON.stringify(path.join('/'))}` },
        ]),
    { line: '  digest: ""', value: `  digest: ${JSON.stringify(digest)}` },
  ].reduce((lines, { line, value }) => {
    if (lines.filter((one) => one === line).length === 1)
      return lines.map((one) => (one === line ? value : one));
    throw new ImageError(
      'FileMissing',
      `values.yaml has no line "${line.trim()}", or several: run \`make docs\``,
    );
  }, text.split('\n'));
  return changed.join('\n');
}
