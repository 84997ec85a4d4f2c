/** Semantic Versioning 2.0.0, without build metadata: an image tag cannot hold its `+`. */
export interface Version {
  readonly text: string;
  readonly numbers: readonly [major: number, minor: number, patch: number];
  /** Identifiers of a prerelease, in order; empty for a release. */
  readonly prerelease: readonly string[];
}

const number = '(0|[1-9]\\d*)';
const identifier = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)';
const pattern = new RegExp(`^${number}\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?$`);

/** @returns undefined for what is no version */
export function parseVersion(text: string): Version | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, prerelease] = match;
  const numbers = [Number(major), Number(minor), Number(patch)] as const;
  if (!numbers.every(Number.isSafeInteger)) return undefined;
  return { text, numbers, prerelease: prerelease?.split('.') ?? [] };
}

/** Precedence (clause 11): below zero where `a` comes before `b`. */
export function compareVersions(a: Version, b: Version): number {
  for (const [at, own] of a.numbers.entries()) {
    const difference = own - (b.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  // A release comes after its prereleases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Math.sign(b.prerelease.length) - Math.sign(a.prerelease.length);
  }
  for (const [at, own] of a.prerelease.entries()) {
    const other = b.prerelease[at];
    if (other === undefined) return 1;
    const difference = compareIdentifiers(own, other);
    if (difference !== 0) return difference;
  }
  return a.prerelease.length - b.prerelease.length;
}

function compareIdentifiers(a: string, b: string): number {
  const [numericA, numericB] = [a, b].map((one) => /^\d+$/.test(one));
  if (numericA === true && numericB === true) return Number(a) - Number(b);
  if (numericA !== numericB) return numericA === true ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
