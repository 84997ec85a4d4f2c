import type { DecodeLimits } from './decoded.ts';

/** A kubelet's request has about 500 bytes, and one name for each of its node's addresses. */
export const defaultLimits: DecodeLimits = Object.freeze({ maxRequestBytes: 16 * 1024, maxSANs: 64 });

/**
 * No configuration goes beyond these. They keep the slowest request well below ten milliseconds; most of that is
 * the second parser, which takes some 15 microseconds for each name (test/bench/decode.bench.ts).
 */
export const hardLimits: DecodeLimits = Object.freeze({ maxRequestBytes: 64 * 1024, maxSANs: 128 });

/** The limits to work with: never above the hard ones, whatever the caller says. */
export function effectiveLimits(limits: DecodeLimits): DecodeLimits {
  return {
    maxRequestBytes: Math.min(limits.maxRequestBytes, hardLimits.maxRequestBytes),
    maxSANs: Math.min(limits.maxSANs, hardLimits.maxSANs),
  };
}
