// `make image`, `make image-packages`: builds the image into dist/image, records newer Debian packages for it; and
// pushes it, for the release.
import { join } from 'node:path';
import { version } from '../../src/cli/version.ts';
import { buildImage, originOf } from './build.ts';
import { updateList } from './debian.ts';
import { ImageError } from './error.ts';
import { indexDigest } from './layout.ts';
import { output } from './paths.ts';
import { need } from './preflight.ts';
import { push } from './push.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const commands = {
  build: async ([to = output]: readonly string[]) => {
    await need(['apt-get', 'dpkg-deb', 'buildah'], say);
    const { layout, digest } = await buildImage(to, await originOf());
    process.stdout.write(`${layout} ${digest}\n`);
  },
  packages: async ([suite = 'bookworm']: readonly string[]) => {
    await need(['apt-get', 'dpkg-deb'], say);
    await updateList(suite);
  },
  push: async ([repository = '', plain]: readonly string[]) => {
    await need(['skopeo'], say);
    const layout = join(output, 'layout');
    const built = { layout, digest: indexDigest(layout, version) };
    const { digest, tags } = await push(built, {
      repository,
      version,
      output,
      plainHttp: plain === '--plain-http',
    });
    process.stdout.write(`${repository}@${digest} ${tags.join(' ')}\n`);
  },
};

async function main([what = '', ...rest]: readonly string[]): Promise<void> {
  if (!(what in commands) || (what === 'push' && rest.length === 0)) {
    throw new ImageError(
      'UsageInvalid',
      'use main.ts build [FOLDER] | packages [SUITE] | push REPOSITORY [--plain-http]',
    );
  }
  // oxlint-disable-next-line no-unsafe-type-assertion -- just looked up
  await commands[what as keyof typeof commands](rest);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ImageError)) throw error;
  say(`error: ${error.code}: ${error.message}`);
  process.exitCode = 2;
}
