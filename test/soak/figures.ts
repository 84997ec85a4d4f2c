/** Figures of a run, from samples. */

export interface Sample {
  /** Seconds since the run began. */
  readonly at: number;
  readonly value: number;
}

/** Slope of the straight line that is nearest to the samples by least squares, per hour; 0 of fewer than two. */
export function slopePerHour(samples: readonly Sample[]): number {
  const at = mean(samples.map((sample) => sample.at));
  const value = mean(samples.map((sample) => sample.value));
  let covariance = 0;
  let variance = 0;
  for (const sample of samples) {
    covariance += (sample.at - at) * (sample.value - value);
    variance += (sample.at - at) ** 2;
  }
  return variance === 0 ? 0 : (covariance / variance) * 3600;
}

/** The value that so large a share of them do not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
