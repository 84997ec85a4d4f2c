import type { DecodeLimits } from '../csr/decoded.ts';
import type { Decision, Policies } from '../decide/decide.ts';
import { explainDecision } from '../decide/explain.ts';
import { decideAgain } from './again.ts';
import { exampleOf, type Where } from './example.ts';
import type { Logged } from './read-line.ts';
import { readLine } from './read-line.ts';
import type { LogRecord } from './records.ts';
import { RecordSplitter } from './records.ts';
import { SeenOfLate } from './seen.ts';
import type { Skipped } from './skipped.ts';
import { skip } from './skipped.ts';
import type { Tally } from './tally.ts';

/** A log that is read in chunks. */
export interface LogFile {
  readonly name: string;
  /** @throws BrokenLog when the rest of it cannot be read */
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

/** The bytes of a log that is compressed are not what they should be. What came before them is good. */
export class BrokenLog extends Error {
  override readonly name = 'BrokenLog';
}

export interface ReplayOptions {
  readonly policies: Policies;
  readonly limits: DecodeLimits;
  /** Told now and then how many records have been read. */
  readonly progress: (records: number) => void;
}

/** Longest record: a decision with sixteen objects of the cluster, each as large as etcd takes, is larger than any that is logged. */
const maxRecord = 8 * 1024 * 1024;

/** Decided at the same time, at most: enough for every thread to have a full message, whatever the others take. */
const window = { decisions: 192, bytes: 16 * 1024 * 1024 } as const;

/** A decision that was uploaded twice comes soon after itself, or in the next file. */
const remembered = 100_000;

interface Waiting {
  readonly where: Where;
  readonly bytes: number;
  readonly logged: Logged;
  readonly decision: Promise<Decision | Skipped>;
}

/**
 * Decides every decision of these logs again, several at a time, and counts them in the order in which they are there. Takes
 * memory for a window of them, however long the logs are.
 */
export async function replay(files: readonly LogFile[], tally: Tally, options: ReplayOptions): Promise<void> {
  const seen = new SeenOfLate(remembered);
  const waiting: Waiting[] = [];
  let bytes = 0;
  let records = 0;
  const settle = async (): Promise<void> => {
    const first = waiting.shift();
    if (first === undefined) return;
    bytes -= first.bytes;
    count(first, await first.decision, tally, options);
  };
  for (const file of files) {
    // oxlint-disable-next-line no-await-in-loop -- in the order of the logs
    for await (const record of recordsOf(file, tally)) {
      records += 1;
      if (records % 1024 === 0) options.progress(records);
      const read = record.bytes === undefined ? skip('LineTooLong') : readLine(record.bytes);
      if ('skipped' in read || seen.has(read.line.decision_id)) {
        // Not counted in its place: how many of them there are is all that is told.
        tally.skip('skipped' in read ? read : skip('Duplicate'));
        continue;
      }
      const size = record.bytes?.length ?? 0;
      while (waiting.length >= window.decisions || (waiting.length > 0 && bytes + size > window.bytes))
        await settle();
      const decision = decideAgain(read.subject, options.policies, options.limits);
      waiting.push({ where: { file: file.name, line: record.line }, bytes: size, logged: read, decision });
      bytes += size;
    }
  }
  // oxlint-disable-next-line no-await-in-loop
  while (waiting.length > 0) await settle();
  options.progress(records);
}

async function* recordsOf(file: LogFile, tally: Tally): AsyncGenerator<LogRecord> {
  const splitter = new RecordSplitter(maxRecord);
  try {
    for await (const chunk of file.chunks()) yield* splitter.push(chunk);
  } catch (cause) {
    if (!(cause instanceof BrokenLog)) throw cause;
    tally.skip(skip('FileBroken', file.name));
  }
  yield* splitter.end();
}

function count(
  { logged, where }: Waiting,
  decision: Decision | Skipped,
  tally: Tally,
  options: ReplayOptions,
): void {
  if ('skipped' in decision) {
    tally.skip(decision);
    return;
  }
  const { line } = logged;
  const { verdict, input } = decision;
  tally.add({
    was: { kind: line.custom.verdict.kind, codes: line.custom.verdict.reasons.map(({ code }) => code) },
    now: { kind: verdict.kind, codes: verdict.reasons.map(({ code }) => code) },
    example: () => {
      const { subject } = logged;
      const signerName =
        subject.kind === 'document' ? subject.document.signer_name : subject.request.signerName;
      const explain = explainDecision({
        verdict: { ...verdict, warnings: [] },
        input,
        signerName,
        policies: options.policies,
      });
      return exampleOf(line, where, verdict.reasons, explain);
    },
  });
}
