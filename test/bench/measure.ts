/** How the benches measure and print. */

const BATCHES = 15;
const BATCH_MS = 40;

/** Milliseconds of one call: the median of some batches, so that a busy machine disturbs little. */
export function cost(run: () => unknown): number {
  const batches: number[] = [];
  for (let i = 0; i <= BATCHES; i += 1) {
    const start = performance.now();
    let calls = 0;
    for (; performance.now() - start < BATCH_MS; calls += 1) run();
    // The first batch warms up.
    if (i > 0) batches.push((performance.now() - start) / calls);
  }
  return batches.toSorted((a, b) => a - b)[BATCHES >> 1] ?? Number.NaN;
}

/** A row of a table: a name, and columns. */
export const print = (...columns: readonly (string | number)[]): void => {
  const cells = columns.map((cell) => (typeof cell === 'number' ? cell.toFixed(3) : cell));
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(34) : cell.padStart(12))).join(' '));
};
