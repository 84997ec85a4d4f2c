import { isSigned, type OracleAnswer } from '../oracle/answer.ts';
import type { Reading } from './reading.ts';

/** What became of many requests, on both sides: plain data, to be sent between threads. */
export interface Tally {
  total: number;
  /** ParseCSR and CheckSignature pass: the API server takes it. */
  acceptedByGo: number;
  /** The signer's rules pass too, and it issues the certificate. */
  signedByGo: number;
  /** ParseCSR passes, CheckSignature does not. */
  badSignature: number;
  acceptedByUs: number;
  refusals: Record<string, number>;
}

export const emptyTally = (): Tally => ({
  total: 0,
  acceptedByGo: 0,
  signedByGo: 0,
  badSignature: 0,
  acceptedByUs: 0,
  refusals: {},
});

export function count(tally: Tally, ours: Reading, theirs: OracleAnswer): void {
  tally.total += 1;
  if (theirs.error === undefined) tally[theirs.signature === '' ? 'acceptedByGo' : 'badSignature'] += 1;
  if (isSigned(theirs)) tally.signedByGo += 1;
  if (ours.accepted) tally.acceptedByUs += 1;
  else tally.refusals[ours.code] = (tally.refusals[ours.code] ?? 0) + 1;
}

export function add(left: Tally, right: Tally): Tally {
  const refusals = { ...left.refusals };
  for (const [code, times] of Object.entries(right.refusals)) refusals[code] = (refusals[code] ?? 0) + times;
  return {
    total: left.total + right.total,
    acceptedByGo: left.acceptedByGo + right.acceptedByGo,
    signedByGo: left.signedByGo + right.signedByGo,
    badSignature: left.badSignature + right.badSignature,
    acceptedByUs: left.acceptedByUs + right.acceptedByUs,
    refusals,
  };
}

export function describeTally(tally: Tally): string {
  const share = (part: number): string => `${part} (${((100 * part) / tally.total).toFixed(1)} %)`;
  const codes = Object.entries(tally.refusals).sort(([, a], [, b]) => b - a);
  return [
    `${tally.total} mutants`,
    `  Go: accepted ${share(tally.acceptedByGo)}, signed ${share(tally.signedByGo)}, bad signature ${share(tally.badSignature)}`,
    `  we: accepted ${share(tally.acceptedByUs)}, refused with`,
    ...codes.map(([code, times]) => `    ${String(times).padStart(8)} ${code}`),
  ].join('\n');
}
