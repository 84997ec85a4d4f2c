/** The Debian packages that parts of the image come from: which, at which version, with which bytes. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { command } from './command.ts';
import { ImageError } from './error.ts';
import { cacheDirectory } from './paths.ts';
import { platforms, type Platform } from './platforms.ts';

const schema = z.strictObject({
  /** Debian release, as apt's archives name it. */
  suite: z.string(),
  packages: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      /** Of the upstream that it was built from, for advisories. */
      source: z.string(),
      architecture: z.enum(['amd64', 'arm64', 'all']),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
export type DebianPackage = z.infer<typeof schema>['packages'][number];

const listFile = new URL('packages.json', import.meta.url).pathname;
/** By hand only here; `make image-packages` takes the newest of each. */
const wanted = [
  'ca-certificates',
  ...['gcc-12-base', 'libc6', 'libgcc-s1', 'libstdc++6'].flatMap((name) =>
    platforms.map(({ arch }) => `${name}:${arch}`),
  ),
];

export function readList(): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(listFile, 'utf8')));
  } catch (cause) {
    throw new ImageError(
      'ListInvalid',
      `${listFile}: ${String(cause)}; make it anew by \`make image-packages\``,
      {
        cause,
      },
    );
  }
}

export const packagesOf = ({ arch }: Platform): DebianPackage[] =>
  readList().packages.filter(({ architecture }) => architecture === arch || architecture === 'all');

/** The package's file, from the cache or from apt; only ever one of the recorded hash. */
export async function fetchPackage(one: DebianPackage, apt: () => Promise<Apt>): Promise<string> {
  const directory = join(cacheDirectory(), 'debian', one.sha256);
  const file = join(directory, `${one.name}.deb`);
  if (existsSync(file) && sha256(file) === one.sha256) return file;
  const { download } = await apt();
  const got = await download(
    `${one.name}${one.architecture === 'all' ? '' : `:${one.architecture}`}=${one.version}`,
  );
  const found = sha256(got);
  if (found !== one.sha256) {
    const what = `${one.name} ${one.version} (${one.architecture})`;
    throw new ImageError(
      'PackageChanged',
      `${what} has SHA-256 ${found}, recorded is ${one.sha256}: do not build`,
    );
  }
  mkdirSync(directory, { recursive: true });
  renameSync(got, file);
  return file;
}

export interface Apt {
  /** Downloads `NAME:ARCHITECTURE[=VERSION]`; gives the file. */
  readonly download: (what: string) => Promise<string>;
}

/**
 * apt with lists of its own, for both architectures: needs no root, and changes nothing of the machine's. The
 * machine's package sources and their keys are used.
 */
export async function openApt(): Promise<Apt> {
  const state = join(cacheDirectory(), 'apt');
  mkdirSync(state, { recursive: true });
  for (const directory of ['state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(state, directory), { recursive: true });
  }
  writeFileSync(join(state, 'state/status'), '');
  const config = join(state, 'apt.conf');
  writeFileSync(
    config,
    `APT::Architectures { ${platforms.map(({ arch }) => `"${arch}";`).join(' ')} };
Dir::State "${state}/state";
Dir::State::status "${state}/state/status";
Dir::Cache "${state}/cache";
Acquire::Languages "none";
APT::Sandbox::User "";
`,
  );
  const env = { ...process.env, APT_CONFIG: config };
  await command('apt-get', ['update'], { env });
  return {
    download: async (what) => {
      const cwd = mkdtempSync(join(state, 'download-'));
      try {
        await command('apt-get', ['download', what], { cwd, env });
        const [file = ''] = readdirSync(cwd);
        const place = join(state, file);
        renameSync(join(cwd, file), place);
        return place;
      } catch (cause) {
        throw new ImageError(
          'PackageUnavailable',
          `${what} cannot be downloaded: the package sources of this machine must be those of Debian ` +
            `${readList().suite}, and have it still. After an update there, \`make image-packages\` records the ` +
            `new versions; look at what it changes.\n${String(cause)}`,
          { cause },
        );
      } finally {
        rmSync(cwd, { recursive: true, force: true });
      }
    },
  };
}

/** Writes the list with the newest version of each package that the machine's package sources have. */
export async function updateList(suite: string): Promise<void> {
  const { download } = await openApt();
  const packages: DebianPackage[] = [];
  for (const name of wanted) {
    // oxlint-disable-next-line no-await-in-loop -- apt locks its lists
    const file = await download(name);
    // oxlint-disable-next-line no-await-in-loop
    const text = await command('dpkg-deb', ['-f', file, 'Package', 'Version', 'Source', 'Architecture']);
    const field = (key: string) => new RegExp(`^${key}: (\\S+)`, 'm').exec(text)?.[1] ?? '';
    packages.push({
      name: field('Package'),
      version: field('Version'),
      source: field('Source') || field('Package'),
      architecture: schema.shape.packages.element.shape.architecture.parse(field('Architecture')),
      sha256: sha256(file),
    });
    rmSync(file);
  }
  const list = schema.parse({ suite, packages });
  writeFileSync(listFile, `${JSON.stringify(list, null, 2)}\n`);
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
