/** Figures of several runs on a machine that is never quite idle: medians, and how far they lie apart. */

/** By nearest rank: p99 of 100 values is the 99th. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** `median (least–most)`, or the one value. */
export function spread(values: readonly number[], digits: number): string {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return '-';
  const middle = median(known).toFixed(digits);
  const [least, most] = [Math.min(...known).toFixed(digits), Math.max(...known).toFixed(digits)];
  return least === most ? middle : `${middle} (${least}–${most})`;
}

/** A table as Markdown has them, so that it can be pasted; aligned for whoever reads it as it is. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) => Math.max(...[head, ...rows].map((row) => (row[i] ?? cell).length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join(
    '\n',
  );
}
