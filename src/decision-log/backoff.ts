/**
 * Delay after the n-th failure in a row: full jitter below a limit that doubles, so that those who failed together do not
 * come again together.
 * @returns milliseconds
 */
export function backoffMs(
  failures: number,
  { baseMs, capMs }: { readonly baseMs: number; readonly capMs: number },
  random: () => number,
): number {
  const most = Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return baseMs / 2 + random() * Math.max(0, most - baseMs / 2);
}
