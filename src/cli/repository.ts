import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dirname } from 'node:path/posix';
import { unpackBundle } from '../bundle/files.ts';
import { CommandError } from './error.ts';
import { layKnobs } from './lay-knobs.ts';
import { version } from './version.ts';

/** Files by their path in a policy repository. */
export type RepositoryFiles = ReadonlyMap<string, Uint8Array>;

// Replaced when the program is built: there the template lies beside the program.
declare const TEMPLATE: string | undefined;

/** Where the sums of the vendored files are, as `sha256sum` writes and checks them. */
export const sumsFile = 'vendored.sha256';
/** The one folder that holds nothing but vendored rules, and the data of their packages. */
export const vendoredFolder = 'policy/csr';
/** The package that the template and the examples are written with. */
const templatePackage = 'acme.kubelet_serving';

/** The overlay of an example. In a repository its knobs are in the data files, which must be whole. */
const knobsFile = 'knobs.yaml';

const defaultPackage = 'csr.kubelet_serving';

/** Reads what the program was shipped with. */
export async function readTemplate(): Promise<RepositoryFiles> {
  const relative = typeof TEMPLATE === 'string' ? TEMPLATE : '../../dist/template.tar.gz';
  return unpackBundle(await readFile(fileURLToPath(new URL(relative, import.meta.url))));
}

/** Names of the examples that a repository can start from. */
export function exampleNames(template: RepositoryFiles): string[] {
  const names = [...template.keys()].flatMap(
    (path) => /^examples\/([^/]+)\/policy\/\.manifest$/.exec(path)?.[1] ?? [],
  );
  return names.sort();
}

/**
 * A whole repository: what all have in common, the default policy, and one example.
 * @param chosen name of the package for rules of one's own; undefined leaves the example's
 */
export function repositoryOf(
  template: RepositoryFiles,
  example: string,
  chosen: string | undefined,
): RepositoryFiles {
  const common = below(template, 'template/');
  const own = below(template, `examples/${example}/`);
  const knobs = own.get(knobsFile);
  own.delete(knobsFile);
  const hasRules = [...own.keys()].some((path) => path.startsWith('policy/acme/'));
  if (chosen !== undefined && !hasRules) {
    throw new CommandError(
      'PackageNotApplicable',
      `example ${example} has no rules of its own, only data: leave --package out`,
    );
  }
  const name = hasRules ? (chosen ?? templatePackage) : defaultPackage;
  const files = new Map([...common, ...knobsOf(template, knobs), ...own]);
  files.set('README.md', readmeOf(own, common));
  const renamed = new Map([...files].map(([path, bytes]) => [rename(path, name), renameIn(bytes, name)]));
  const vendored = vendoredOf(template);
  return new Map([...renamed, ...vendored, [sumsFile, sumsOf(vendored)]]);
}

/** What `init --update` replaces: the rules of the default policy, the schemas of input and knobs, the capabilities. */
export function vendoredOf(template: RepositoryFiles): RepositoryFiles {
  const files = new Map<string, Uint8Array>();
  for (const [path, bytes] of below(template, 'default/')) {
    if (path.startsWith('csr/') && !isData(path)) files.set(`policy/${path}`, bytes);
  }
  // All of them: a data.yaml names the schema of its knobs, for editors.
  for (const [path, bytes] of below(template, 'schemas/')) files.set(`schemas/${path}`, bytes);
  copy(template, files, 'capabilities.json');
  const notice = template.get('template/policy/csr/README.md') ?? new Uint8Array();
  files.set(`${vendoredFolder}/README.md`, encode(decode(notice).replace('{version}', version)));
  return files;
}

/**
 * The knobs of the default policy: a repository's own from the moment that it has them.
 * @param overlay what an example sets among them
 */
export function knobsOf(template: RepositoryFiles, overlay?: Uint8Array): RepositoryFiles {
  const data = [...below(template, 'default/')].filter(([path]) => isData(path));
  const laid = (path: string, bytes: Uint8Array): Uint8Array =>
    overlay === undefined ? bytes : layKnobs(bytes, overlay, dirname(path));
  return new Map(data.map(([path, bytes]) => [`policy/${path}`, laid(path, bytes)]));
}

/** Sums of files, a line each, by path. */
export function sumsOf(files: RepositoryFiles): Uint8Array {
  const lines = [...files].map(([path, bytes]) => `${sumOf(bytes)}  ${path}\n`);
  return encode(lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join(''));
}

export function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isData(path: string): boolean {
  return /(^|\/)data\.(json|ya?ml)$/.test(path);
}

/** What the example is about, then what every repository has. */
function readmeOf(own: RepositoryFiles, common: RepositoryFiles): Uint8Array {
  const [situation = ''] = decode(own.get('README.md') ?? new Uint8Array()).split('\n## Try it\n');
  return encode(`${situation.trim()}\n\n${decode(common.get('README.md') ?? new Uint8Array())}`);
}

function below(template: RepositoryFiles, prefix: string): Map<string, Uint8Array> {
  const inside = [...template].filter(([path]) => path.startsWith(prefix));
  return new Map(inside.map(([path, bytes]) => [path.slice(prefix.length), bytes]));
}

function copy(from: RepositoryFiles, to: Map<string, Uint8Array>, path: string): void {
  const bytes = from.get(path);
  if (bytes === undefined) throw new TypeError(`the template lacks ${path}`);
  to.set(path, bytes);
}

function rename(path: string, name: string): string {
  return path.replace(templatePackage.replace('.', '/'), name.replaceAll('.', '/'));
}

function renameIn(bytes: Uint8Array, name: string): Uint8Array {
  const path = templatePackage.replace('.', '/');
  const text = decode(bytes).replaceAll(templatePackage, name).replaceAll(path, name.replaceAll('.', '/'));
  return encode(text);
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
