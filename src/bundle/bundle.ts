import { z } from 'zod';
import { digestFiles } from './digest.ts';
import { PolicyError } from './error.ts';
import type { BundleFiles } from './files.ts';
import { readData } from './data.ts';
import { checkPackages, checkRoots, isInside } from './roots.ts';
import { baseName, readValue } from './structured.ts';
import { textOf } from './text.ts';

/** Most roots, and most entrypoints: each is compared with every other. */
const mostNamed = 256;

/** A METADATA block as `opa build` copies it into the manifest. */
const annotation = z.looseObject({
  scope: z.string().optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  entrypoint: z.boolean().optional(),
  custom: z.record(z.string(), z.unknown()).optional(),
});
type Annotation = z.infer<typeof annotation>;

/** 0 is Rego before OPA 1.0, 1 is Rego since. */
const regoVersion = z.int();

const manifest = z.looseObject({
  revision: z.string().default(''),
  roots: z.array(z.string()).max(mostNamed).optional(),
  rego_version: regoVersion.optional(),
  file_rego_versions: z.record(z.string(), regoVersion).optional(),
  wasm: z
    .array(
      z.looseObject({
        entrypoint: z.string(),
        module: z.string(),
        annotations: z.array(annotation).optional(),
      }),
    )
    .max(mostNamed)
    .default([]),
});

/** One entrypoint of the bundle's WebAssembly module, with the METADATA of its rule. */
export interface Entrypoint {
  /** Path with slashes, for example `csr/kubelet_serving/decision`. */
  readonly path: string;
  readonly annotation: Annotation;
}

/** Rules that say what of a decision the decision log must not tell. The names are OPA's. */
export const logRulePaths = { mask: 'system/log/mask', drop: 'system/log/drop' } as const;

/** A stock OPA bundle with a WebAssembly policy, parsed but not yet trusted to run. */
export interface Bundle {
  /** Of the manifest, or a digest of the files. */
  readonly revision: string;
  readonly roots: readonly string[];
  readonly entrypoints: readonly Entrypoint[];
  /** Paths of the entrypoints that are not about requests, but about the decision log. */
  readonly logRules: readonly string[];
  readonly wasm: Uint8Array;
  readonly data: Readonly<Record<string, unknown>>;
  /** Rego sources by path; `opa build` keeps them beside the module. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Reads manifest, data and module out of the members of a bundle.
 * @throws PolicyError
 */
export function parseBundle(files: BundleFiles): Bundle {
  const head = readManifest(files);
  const roots = checkRoots(head.roots);
  const wasm = readModule(files, head.wasm);
  const all = readEntrypoints(head.wasm);
  const outside = head.wasm.find((entry) => !isInside(roots, entry.entrypoint.split('/')));
  if (outside !== undefined) {
    throw new PolicyError(
      'RootsInvalid',
      `entrypoint ${outside.entrypoint} is outside of the bundle's roots (${roots.join(', ')})`,
    );
  }
  const sources = new Map<string, string>();
  for (const [path, bytes] of files) if (path.endsWith('.rego')) sources.set(path, textOf(bytes, path));
  checkPackages(sources, roots);
  return {
    // A bundle that was built without `--revision` goes by its content, so that a record of a decision can name it.
    revision: head.revision === '' ? digestFiles(files).slice(0, 'sha256:'.length + 16) : head.revision,
    roots,
    entrypoints: all.filter(({ path }) => !isLogRule(path)),
    logRules: all.flatMap(({ path }) => (isLogRule(path) ? [path] : [])),
    wasm,
    data: readData(files, roots),
    sources,
  };
}

function isLogRule(path: string): boolean {
  return path === logRulePaths.mask || path === logRulePaths.drop;
}

function readManifest(files: BundleFiles): z.infer<typeof manifest> {
  for (const path of files.keys()) {
    if (baseName(path) === 'patch.json') {
      throw new PolicyError('BundleDelta', 'this is a delta bundle: only snapshot bundles can be activated');
    }
    // OPA takes every file whose name ends so for the manifest.
    if (path !== '.manifest' && /\.manifest(\.pb)?$/.test(path)) {
      throw new PolicyError(
        'ManifestInvalid',
        `${path}: the manifest must be .manifest, in JSON, and no other`,
      );
    }
  }
  const file = files.get('.manifest');
  if (file === undefined) {
    throw new PolicyError(
      'ManifestMissing',
      'there is no .manifest: build the bundle with `opa build -b DIR -t wasm`',
    );
  }
  const value = readValue(file, '.manifest', 'ManifestInvalid');
  const head = check(manifest, value, '.manifest');
  // Go takes a field by its name in any case.
  const odd = Object.keys(head).find(
    (key) => key !== key.toLowerCase() && key.toLowerCase() in manifest.shape,
  );
  if (odd !== undefined) {
    throw new PolicyError('ManifestInvalid', `.manifest: write ${odd} as ${odd.toLowerCase()}`);
  }
  const versions = [head.rego_version ?? 1, ...Object.values(head.file_rego_versions ?? {})];
  const unknown = versions.find((version) => version !== 0 && version !== 1);
  if (unknown !== undefined) {
    throw new PolicyError(
      'RegoVersionUnknown',
      `.manifest: Rego version ${String(unknown)} is unknown: 0 and 1 are known`,
    );
  }
  return head;
}

/** The one module of the bundle. */
function readModule(files: BundleFiles, entries: z.infer<typeof manifest>['wasm']): Uint8Array {
  if (entries.length === 0) {
    const hasSources = [...files.keys()].some((path) => path.endsWith('.rego'));
    throw new PolicyError(
      'WasmMissing',
      hasSources
        ? 'there is no WebAssembly module: these are sources; build them with `rego-csr-approver build DIR` or `opa build -t wasm -b DIR`, from a rule annotated `entrypoint: true`'
        : 'the bundle has no WebAssembly module: build it with `opa build -t wasm` from a rule annotated `entrypoint: true`',
    );
  }
  const named = entries.map((entry) => entry.module.replace(/^\//, ''));
  const present = [...files.keys()].filter((path) => baseName(path) === 'policy.wasm');
  const modules = [...new Set([...named, ...present])];
  const [module = ''] = modules;
  const wasm = files.get(module);
  if (modules.length > 1) {
    throw new PolicyError(
      'WasmAmbiguous',
      `there are the modules ${modules.join(', ')}: exactly one is expected; build the bundle from its sources, not from other bundles`,
    );
  }
  if (wasm === undefined) {
    throw new PolicyError('WasmMissing', `the manifest names ${module}, which is not in the bundle`);
  }
  return wasm;
}

/**
 * The rules that are annotated as entrypoints. opa also compiles rules that read one of them, such as a `violation`
 * made for conftest; those carry no annotation and are nobody's entrypoint.
 */
function readEntrypoints(wasm: z.infer<typeof manifest>['wasm']): Entrypoint[] {
  const twice = wasm.find((entry, index) => wasm.findIndex((e) => e.entrypoint === entry.entrypoint) < index);
  if (twice !== undefined) {
    throw new PolicyError('ManifestInvalid', `.manifest: entrypoint ${twice.entrypoint} is there twice`);
  }
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

function check<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new PolicyError(
    'ManifestInvalid',
    `${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
  );
}
