import { randomBytes } from 'node:crypto';

/** What one decision is called in traces, in the words of W3C Trace Context (section 3.2.2): lower-case hex, never only zeros. */
export interface TraceIds {
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits. */
  readonly spanId: string;
}

const traceBytes = 16;
const spanBytes = 8;

/**
 * Names for a decision that nobody traces, so that a log line can be joined with others all the same.
 * @param random so many bytes that nobody can foresee
 */
export function newTrace(random: (bytes: number) => Buffer = randomBytes): TraceIds {
  const bytes = random(traceBytes + spanBytes);
  return { traceId: hex(bytes.subarray(0, traceBytes)), spanId: hex(bytes.subarray(traceBytes)) };
}

/** Only zeros would say that there is none. */
function hex(bytes: Buffer): string {
  return bytes.every((byte) => byte === 0) ? `${bytes.toString('hex').slice(1)}1` : bytes.toString('hex');
}
