import type { DecodeLimits } from './decoded.ts';

/** A kubelet's request has about 500 bytes, and one name for each of its node's addresses. */
export const defaultLimits: DecodeLimits = Object.freeze({ maxRequestBytes: 16 * 1024, maxSANs: 64 });

/**
 * No configuration goes beyond these. They keep the slowest request below ten milliseconds; most of that is
 * the second parser, which takes some 15 microseconds for each name (test/bench/decode.bench.ts).
 */
export const hardLimits: DecodeLimits = Object.freeze({ maxRequestBytes: 64 * 1024, maxSANs: 256 });

/** What is wrong with configured limits, a sentence each; empty when nothing is. */
export function limitProblems(limits: DecodeLimits): readonly string[] {
  return (['maxRequestBytes', 'maxSANs'] as const)
    .filter(
      (name) => !(Number.isInteger(limits[name]) && limits[name] >= 1 && limits[name] <= hardLimits[name]),
    )
    .map((name) => `${name} must be a whole number from 1 to ${hardLimits[name]}`);
}

/** The limits to work with: never above the hard ones, whatever the caller says. */
export function effectiveLimits(limits: DecodeLimits): DecodeLimits {
  return {
    maxRequestBytes: Math.min(limits.maxRequestBytes, hardLimits.maxRequestBytes),
    maxSANs: Math.min(limits.maxSANs, hardLimits.maxSANs),
  };
}
