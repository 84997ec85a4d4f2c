import { expect } from 'vitest';

/** What test files import as `vitest` here: the real `expect`, and tests that run in this process, in order. */
export { expect };

type Body = (...values: unknown[]) => unknown;
interface Test {
  readonly name: string;
  readonly run: () => unknown;
}

let collected: Test[] = [];
let path: readonly string[] = [];

export function describe(name: string, body: () => void): void {
  const outer = path;
  path = [...path, name];
  body();
  path = outer;
}

const add = (name: string, run: () => unknown): void => {
  collected.push({ name: [...path, name].join(' > '), run });
};

const each =
  (rows: readonly unknown[]) =>
  (name: string, body: Body): void => {
    rows.forEach((row, i) => {
      add(`${name} #${i}`, () => (Array.isArray(row) ? body(...(row as unknown[])) : body(row)));
    });
  };

export const test = Object.assign(add, { each });

/** Runs what a file declares, until a test fails; gives the name of that test. */
export async function firstFailure(load: () => Promise<unknown>): Promise<string | undefined> {
  collected = [];
  path = [];
  try {
    await load();
  } catch {
    return 'loading';
  }
  for (const { name, run } of collected) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as vitest does in a file
      await run();
    } catch {
      return name;
    }
  }
  // A file that declares nothing would let every mutant live.
  return collected.length === 0 ? 'no tests' : undefined;
}
