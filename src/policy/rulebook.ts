import { packageOf } from '../bundle/rego.ts';
import type { Reference, RegoModule, RegoRule } from '../bundle/rego-module.ts';
import { readModule } from '../bundle/rego-module.ts';
export type { Reference } from '../bundle/rego-module.ts';
import type { ReasonMetadata, ReasonRule } from './reasons.ts';
import { fileOf } from './reasons.ts';

/** The set that a reason was in. Rules that make it are called so, or end so after `_`. */
export type ReasonKind = 'deny' | 'wait' | 'warn';

export interface RulebookOptions {
  readonly metadata: ReasonMetadata;
  readonly sources: ReadonlyMap<string, string>;
  /** As it is evaluated: with overlays. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Package of the entrypoint, dotted. */
  readonly root: string;
  readonly signerName: string;
}

/** Most paths that are told of one rule, and most rules that are followed for them. */
const most = { reads: 16, followed: 256 } as const;

/**
 * Which rule gave a reason, and what that rule reads: told from the sources that `opa build` keeps beside the module, by
 * code and METADATA. Sources are looked at when somebody asks, and once.
 */
export class Rulebook {
  readonly data: Readonly<Record<string, unknown>>;
  /** Package of the entrypoint. */
  readonly root: string;
  readonly #options: RulebookOptions;
  readonly #found = new Map<string, readonly ReasonRule[]>();
  #distances: ReadonlyMap<string, number> | undefined;
  #modules: ReadonlyMap<string, readonly Module[]> | undefined;

  constructor(options: RulebookOptions) {
    this.#options = options;
    this.data = options.data;
    this.root = options.root;
  }

  /**
   * The rules that can have given a reason: those with its code in the package nearest to the entrypoint by imports, and
   * of these the ones that make reasons of this kind, if any does. None where no METADATA has that code.
   */
  rulesOf(code: string, kind: ReasonKind | undefined): readonly ReasonRule[] {
    const key = `${kind ?? ''}\0${code}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = this.#find(code, kind);
    // Codes that were made up at run time are not kept: nobody knows how many there will be.
    if (found.length > 0) this.#found.set(key, found);
    return found;
  }

  #find(code: string, kind: ReasonKind | undefined): readonly ReasonRule[] {
    const { rules, signers } = this.#options.metadata;
    const ours = rules.filter(
      (rule) =>
        rule.code === code &&
        // For conftest alone: the program does not read it.
        rule.name !== 'violation' &&
        (signers.get(rule.package) ?? this.#options.signerName) === this.#options.signerName,
    );
    const far = (rule: ReasonRule) => this.#distance(rule.package);
    const nearest = Math.min(...ours.map(far));
    const near = ours.filter((rule) => far(rule) === nearest);
    const fitting = near.filter(({ name }) => name === kind || name.endsWith(`_${String(kind)}`));
    return fitting.length > 0 ? fitting : near;
  }

  /** How many imports lie between the entrypoint and a package; infinite where none leads there. */
  #distance(name: string): number {
    this.#distances ??= distancesFrom(this.#options);
    return this.#distances.get(name) ?? Infinity;
  }

  /** Paths of input and data that a rule reads, itself or by rules that it names: the nearest first. */
  reads({ package: name, file, line }: ReasonRule): readonly Reference[] {
    const module = this.#in(name).find((one) => one.file === file);
    const rule = module?.rules.find((one) => one.line === line);
    return module === undefined || rule === undefined ? [] : this.#follow(module, rule);
  }

  /** Where a rule of the entrypoint's package is written: each of its bodies, as `FILE:LINE`. */
  placesOf(rule: string): readonly string[] {
    return this.#in(this.root).flatMap(({ file, rules }) =>
      rules.filter(({ name }) => name === rule).map(({ line }) => `${file}:${String(line)}`),
    );
  }

  #in(name: string): readonly Module[] {
    this.#modules ??= Map.groupBy(
      [...this.#options.sources].map(([path, source]) => ({ ...readModule(source), file: fileOf(path) })),
      (one) => one.package,
    );
    return this.#modules.get(name) ?? [];
  }

  #follow(module: Module, first: RegoRule): readonly Reference[] {
    const reads = new Map<string, Reference>();
    const queue = [{ module, rule: first }];
    const seen = new Set([first]);
    for (let at = 0; at < queue.length && at < most.followed && reads.size < most.reads; at += 1) {
      const step = queue[at];
      for (const written of step?.rule.references ?? []) {
        if (step === undefined) break;
        const { path, targets } = this.#resolve(step.module, written);
        if (path !== undefined) {
          if (reads.size < most.reads) reads.set(path.join('\0'), path);
          continue;
        }
        for (const target of targets) {
          if (seen.has(target.rule)) continue;
          seen.add(target.rule);
          queue.push(target);
        }
      }
    }
    return withoutInner([...reads.values()]);
  }

  /** What a name leads to: a path of input or data, or rules. */
  #resolve(module: Module, written: Reference): { path?: Reference; targets: Target[] } {
    const [head = '', ...rest] = written;
    const full = module.imports.has(head) ? [...(module.imports.get(head) ?? []), ...rest] : written;
    if (full[0] === 'input') return full.length > 1 ? { path: full, targets: [] } : { targets: [] };
    if (full[0] !== 'data') {
      const targets = this.#named(module.package, head);
      const [only] = targets;
      const [aliased] = only?.rule.references ?? [];
      if (targets.length === 1 && only?.rule.isAlias === true && isPathOf(aliased))
        return { path: [...aliased, ...rest], targets: [] };
      return { targets };
    }
    // Rules of another package hide data of the same path.
    for (let length = full.length - 1; length > 1; length -= 1) {
      const targets = this.#named(full.slice(1, length).join('.'), full[length] ?? '');
      if (targets.length > 0) return { targets };
    }
    return full.length > 1 && this.#in(full.slice(1).join('.')).length === 0
      ? { path: full, targets: [] }
      : { targets: [] };
  }

  #named(name: string, rule: string): Target[] {
    return this.#in(name).flatMap((module) =>
      module.rules.filter((one) => one.name === rule).map((one) => ({ module, rule: one })),
    );
  }
}

interface Module extends RegoModule {
  readonly file: string;
}

interface Target {
  readonly module: Module;
  readonly rule: RegoRule;
}

function isPathOf(reference: Reference | undefined): reference is Reference {
  return reference !== undefined && (reference[0] === 'input' || reference[0] === 'data');
}

/** A path below another one that is there says nothing more. */
function withoutInner(paths: readonly Reference[]): Reference[] {
  const all = new Set(paths.map((path) => path.join('\0')));
  const isInner = (path: Reference) =>
    path.some((_, length) => length > 1 && all.has(path.slice(0, length).join('\0')));
  return paths.filter((path) => !isInner(path));
}

/** Imports to each package that the entrypoint's own leads to, by what their sources call `data.…`. */
function distancesFrom({ sources, root }: RulebookOptions): ReadonlyMap<string, number> {
  const named = new Map<string, Set<string>>();
  for (const source of sources.values()) {
    const name = packageOf(source)?.join('.') ?? '';
    const paths = named.get(name) ?? new Set();
    for (const [path] of source.matchAll(/\bdata(?:\.\w+)+/g)) paths.add(path.slice('data.'.length));
    named.set(name, paths);
  }
  const distances = new Map([[root, 0]]);
  for (const [name, distance] of distances) {
    for (const path of named.get(name) ?? []) {
      for (let inner = path; inner !== ''; inner = inner.slice(0, Math.max(0, inner.lastIndexOf('.')))) {
        if (!named.has(inner)) continue;
        if (!distances.has(inner)) distances.set(inner, distance + 1);
        break;
      }
    }
  }
  return distances;
}
