/**
 * Orders two resourceVersions of one resource type. KEP-5504 makes them comparable: decimal, no leading zero, any size.
 * Anything else (an aggregated API, an old server) has no order: undefined, and the caller must assume the worst.
 */
export function compareResourceVersions(a: string, b: string): -1 | 0 | 1 | undefined {
  if (!isComparable(a) || !isComparable(b)) return a === b && a !== '' ? 0 : undefined;
  if (a === b) return 0;
  // Without leading zeros the longer one is the larger, and equal lengths sort as text: no BigInt needed.
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  return a < b ? -1 : 1;
}

const isComparable = (version: string): boolean => /^(?:0|[1-9][0-9]*)$/.test(version);
