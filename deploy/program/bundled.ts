/** What of other people's work is in the shipped program: for its licences, and for the list of its parts (SBOM). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { z } from 'zod';

export interface Bundled {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  /** Folder under the root, as in the lock file: `node_modules/yaml`. */
  readonly path: string;
}

const manifest = z.object({ name: z.string(), version: z.string(), license: z.string() });
const licenceFile = /^(licen[cs]e|copying|notice)/i;

/** The packages of which at least one byte was bundled, by name. */
export function bundledPackages(root: string, { outputs }: Metafile): Bundled[] {
  const paths = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const path = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
      if (path !== undefined && bytesInOutput > 0) paths.add(path);
    }
  }
  return [...paths]
    .map((path) => {
      const { name, version, license } = manifest.parse(
        JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')),
      );
      return { name, version, license, path };
    })
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

/** Their licences in full, which most of them ask to be passed on with copies. */
export function licenceTexts(root: string, packages: readonly Bundled[]): string {
  const texts = packages.map(({ name, version, license, path }) => {
    const text = readdirSync(join(root, path))
      .filter((file) => licenceFile.test(file))
      .sort()
      .map((file) => readFileSync(join(root, path, file), 'utf8').trim())
      .join('\n\n');
    return `${'='.repeat(80)}\n${name} ${version} (${license})\n\n${text === '' ? `Licence: ${license}` : text}\n`;
  });
  return `The program contains these packages, under these licences.\n\n${texts.join('\n')}`;
}
