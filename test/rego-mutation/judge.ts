/** Whether the cases, or else the unit tests, notice a mutant: all that is known here of how both are run. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RegoCase, loadCases } from '../rego/cases.ts';
import { bundleNames, evaluateOnOpa } from '../rego/evaluate.ts';
import { runTool } from '../rego/opa.ts';
import { problemsOf } from '../rego/outcome.ts';
import type { Subject } from './subjects.ts';

export type Outcome =
  | { readonly kind: 'killed by a case'; readonly id: string }
  | { readonly kind: 'killed by a unit test' }
  /** opa refuses it: nothing was tested. */
  | { readonly kind: 'invalid' }
  | { readonly kind: 'survived' };

/** So many are asked first: most mutants die here, in a fifth of the time that all take. */
const FIRST = 40;

/** Which cases killed mutants of which file: the likely ones are asked first. */
export class Likely {
  readonly #cases: readonly RegoCase[];
  readonly #kills = new Map<string, number>();

  constructor(cases: readonly RegoCase[]) {
    this.#cases = cases;
  }

  static async load(): Promise<Likely> {
    return new Likely(await loadCases());
  }

  killed(file: string, id: string): void {
    const key = `${file} ${id}`;
    this.#kills.set(key, (this.#kills.get(key) ?? 0) + 1);
  }

  /** The likely ones and a few of all sorts, then the rest. */
  casesFor(file: string): readonly (readonly RegoCase[])[] {
    const spread = Math.ceil(this.#cases.length / (FIRST / 2));
    const ranked = this.#cases
      .map((one, i) => ({
        one,
        rank: (this.#kills.get(`${file} ${one.id}`) ?? 0) + (i % spread === 0 ? 0.5 : 0),
      }))
      .toSorted((a, b) => b.rank - a.rank)
      .map(({ one }) => one);
    return [ranked.slice(0, FIRST), ranked.slice(FIRST)];
  }
}

/** A copy of the policies, in which one mutant after the other is put. */
export class Judge {
  readonly #root: string;
  readonly #likely: Likely;

  constructor(policies: string, root: string, likely: Likely) {
    for (const name of bundleNames) cpSync(join(policies, name), join(root, name), { recursive: true });
    this.#root = root;
    this.#likely = likely;
  }

  async judge({ file, texts }: Pick<Subject, 'file' | 'texts'>): Promise<Outcome> {
    const before = [...texts.keys()].map(
      (path) => [path, readFileSync(join(this.#root, path), 'utf8')] as const,
    );
    this.#write(texts);
    try {
      return (await this.#byCases(file)) ?? (await this.#byTests());
    } finally {
      this.#write(before);
    }
  }

  close(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  #write(texts: Iterable<readonly [path: string, text: string]>): void {
    for (const [path, text] of texts) writeFileSync(join(this.#root, path), text);
  }

  async #byCases(file: string): Promise<Outcome | undefined> {
    for (const cases of this.#likely.casesFor(file)) {
      // oxlint-disable-next-line no-await-in-loop -- the rest is asked only if these do not notice
      const failing = await this.#failing(cases);
      if (failing === undefined) return { kind: 'invalid' };
      if (failing !== '') {
        this.#likely.killed(file, failing);
        return { kind: 'killed by a case', id: failing };
      }
    }
    return undefined;
  }

  /** The first case that fails, or nothing; undefined if there is no policy to evaluate. */
  async #failing(cases: readonly RegoCase[]): Promise<string | undefined> {
    const sources = { floor: join(this.#root, 'floor'), default: join(this.#root, 'default') };
    try {
      const said = await evaluateOnOpa(cases, sources);
      return cases.find((one, i) => said[i] === undefined || problemsOf(one, said[i]).length > 0)?.id ?? '';
    } catch {
      // An entrypoint is undefined or of another shape, which the cases notice, too; or the mutant is no Rego.
      const check = ['check', '--ignore', '*_test.rego', sources.floor, sources.default];
      return (await runTool('opa', check)).code === 0 ? (cases[0]?.id ?? '') : undefined;
    }
  }

  async #byTests(): Promise<Outcome> {
    const bundles = bundleNames.map((name) => join(this.#root, name));
    const { code } = await runTool('opa', ['test', ...bundles]);
    return { kind: code === 0 ? 'survived' : 'killed by a unit test' };
  }
}
