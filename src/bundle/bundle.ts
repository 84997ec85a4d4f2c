import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { messageOf } from '../text/message.ts';
import { digestFiles } from './digest.ts';
import { PolicyError } from './error.ts';
import type { BundleFiles } from './files.ts';

/** A METADATA block as `opa build` copies it into the manifest. */
const annotation = z.looseObject({
  scope: z.string().optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  entrypoint: z.boolean().optional(),
  custom: z.record(z.string(), z.unknown()).optional(),
});
type Annotation = z.infer<typeof annotation>;

const manifest = z.looseObject({
  revision: z.string().default(''),
  roots: z.array(z.string()).optional(),
  wasm: z
    .array(
      z.looseObject({
        entrypoint: z.string(),
        module: z.string(),
        annotations: z.array(annotation).optional(),
      }),
    )
    .default([]),
});

/** One entrypoint of the bundle's WebAssembly module, with the METADATA of its rule. */
export interface Entrypoint {
  /** Path with slashes, for example `csr/kubelet_serving/decision`. */
  readonly path: string;
  readonly annotation: Annotation;
}

/** A stock OPA bundle with a WebAssembly policy, parsed but not yet trusted to run. */
export interface Bundle {
  /** Of the manifest, or a digest of the files. */
  readonly revision: string;
  readonly roots: readonly string[];
  readonly entrypoints: readonly Entrypoint[];
  readonly wasm: Uint8Array;
  readonly data: Readonly<Record<string, unknown>>;
  /** Rego sources by path; `opa build` keeps them beside the module. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Reads manifest, data and module out of the members of a bundle. */
export function parseBundle(files: BundleFiles): Bundle {
  if (files.has('patch.json')) {
    throw new PolicyError('BundleDelta', 'this is a delta bundle: only snapshot bundles can be activated');
  }
  const manifestFile = files.get('.manifest');
  if (manifestFile === undefined) {
    throw new PolicyError(
      'ManifestMissing',
      'there is no .manifest: build the bundle with `opa build -b DIR -t wasm`',
    );
  }
  const head = check(manifest, parseJson(manifestFile, '.manifest', 'ManifestInvalid'), '.manifest');
  if (head.wasm.length === 0) {
    throw new PolicyError(
      'WasmMissing',
      'the bundle has no WebAssembly module: build it with `opa build -t wasm` from a rule annotated `entrypoint: true`',
    );
  }
  const modules = new Set(head.wasm.map((entry) => entry.module.replace(/^\/+/, '')));
  const [module = ''] = modules;
  const wasm = files.get(module);
  if (modules.size !== 1 || wasm === undefined) {
    throw new PolicyError(
      'WasmMissing',
      `the manifest names ${[...modules].join(', ')}: exactly one module must be there`,
    );
  }
  const roots = checkRoots(head.roots);
  const sources = new Map<string, string>();
  for (const [path, bytes] of files) if (path.endsWith('.rego')) sources.set(path, utf8(bytes, path));
  return {
    // A bundle that was built without `--revision` goes by its content, so that a record of a decision can name it.
    revision: head.revision === '' ? digestFiles(files).slice(0, 'sha256:'.length + 16) : head.revision,
    roots,
    entrypoints: readEntrypoints(head.wasm),
    wasm,
    data: readData(files, roots),
    sources,
  };
}

/**
 * The rules that are annotated as entrypoints. opa also compiles rules that read one of them, such as a `violation`
 * made for conftest; those carry no annotation and are nobody's entrypoint.
 */
function readEntrypoints(wasm: z.infer<typeof manifest>['wasm']): Entrypoint[] {
  const found = wasm.flatMap(({ entrypoint: path, annotations = [] }) => {
    const marked = annotations.find((candidate) => candidate.entrypoint === true);
    return marked === undefined ? [] : [{ path, annotation: marked }];
  });
  if (found.length > 0) return found;
  throw new PolicyError(
    'AnnotationsMissing',
    `the manifest has no METADATA of ${wasm.map((entry) => entry.entrypoint).join(', ')}: annotate the rule with \`entrypoint: true\` and build without -O, which drops annotations`,
  );
}

/** A bundle must say what it owns, so that nothing outside of it can be taken for its data. */
function checkRoots(roots: readonly string[] | undefined): readonly string[] {
  const named = (roots ?? []).map((root) => root.replace(/^\/+|\/+$/g, ''));
  if (named.length === 0 || named.includes('')) {
    throw new PolicyError(
      'RootsInvalid',
      'the manifest must name the bundle\'s roots, for example {"roots": ["csr/kubelet_serving"]}, and build with `opa build -b`',
    );
  }
  return named;
}

/** Merges every data file at the path of its folder, as OPA does, and holds it to the roots. */
function readData(files: BundleFiles, roots: readonly string[]): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const [path, bytes] of files) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name !== 'data.json' && name !== 'data.yaml' && name !== 'data.yml') continue;
    const value = name === 'data.json' ? parseJson(bytes, path, 'DataInvalid') : parseYamlFile(bytes, path);
    if (!isObject(value)) throw new PolicyError('DataInvalid', `${path}: an object is expected at the top`);
    const folder = path.split('/').slice(0, -1);
    merge(data, folder.length === 0 ? value : nest(folder, value), path, []);
  }
  for (const leaf of outside(data, roots, [])) {
    throw new PolicyError(
      'RootsInvalid',
      `data at ${leaf} is outside of the bundle's roots (${roots.join(', ')})`,
    );
  }
  return data;
}

function nest(folder: readonly string[], value: Record<string, unknown>): Record<string, unknown> {
  return folder.reduceRight((inner, name) => ({ [name]: inner }), value);
}

function merge(
  into: Record<string, unknown>,
  from: Record<string, unknown>,
  file: string,
  at: string[],
): void {
  for (const [key, value] of Object.entries(from)) {
    const path = [...at, key];
    if (key === '__proto__')
      throw new PolicyError('DataInvalid', `${file}: key ${path.join('.')} is not allowed`);
    const present = into[key];
    if (present === undefined) into[key] = value;
    else if (isObject(present) && isObject(value)) merge(present, value, file, path);
    else throw new PolicyError('DataInvalid', `${file}: ${path.join('.')} is set by two files`);
  }
}

/** Paths at which the data leaves every root; a root's own ancestors are fine. */
function* outside(value: unknown, roots: readonly string[], at: readonly string[]): Generator<string> {
  const path = at.join('/');
  if (roots.some((root) => path === root || path.startsWith(`${root}/`))) return;
  const above = at.length === 0 || roots.some((root) => root.startsWith(`${path}/`));
  if (!above || !isObject(value)) yield path === '' ? '/' : path;
  else for (const [key, inner] of Object.entries(value)) yield* outside(inner, roots, [...at, key]);
}

function parseJson(bytes: Uint8Array, path: string, code: 'ManifestInvalid' | 'DataInvalid'): unknown {
  try {
    return JSON.parse(utf8(bytes, path)) as unknown;
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError(code, `${path}: ${messageOf(cause)}`, { cause });
  }
}

function parseYamlFile(bytes: Uint8Array, path: string): unknown {
  try {
    return parseYaml(utf8(bytes, path), { maxAliasCount: 100 }) as unknown;
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError('DataInvalid', `${path}: ${messageOf(cause)}`, { cause });
  }
}

function utf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PolicyError('BundleUnreadable', `${path}: not UTF-8 text`, { cause });
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new PolicyError(
    'ManifestInvalid',
    `${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
