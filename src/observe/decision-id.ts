import { randomBytes, randomUUID } from 'node:crypto';

/** Names one decision in the decision log, in the log, and in traces. */
export interface DecisionId {
  /** UUID of version 4 (RFC 9562). */
  readonly decision: string;
  /** W3C Trace Context, section 3.2.2.3: 32 hexadecimal digits, not all of them 0. */
  readonly trace: string;
  /** Of the span that is the decision: 16 hexadecimal digits, not all of them 0. */
  readonly span: string;
}

export interface Random {
  readonly uuid: () => string;
  readonly bytes: (count: number) => Buffer;
}

const ofTheSystem: Random = { uuid: randomUUID, bytes: randomBytes };

export function newDecisionId(random: Random = ofTheSystem): DecisionId {
  const hex = random.bytes(24).toString('hex');
  return { decision: random.uuid(), trace: nonZero(hex.slice(0, 32)), span: nonZero(hex.slice(32)) };
}

/** All zeros is what the standard has for "none". */
function nonZero(hex: string): string {
  return /^0*$/.test(hex) ? `${hex.slice(1)}1` : hex;
}
