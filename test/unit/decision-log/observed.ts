import type { SinkObserver } from '../../../src/decision-log/sink.ts';

/** What a sink has told. */
export function observed() {
  const told = { written: 0, lost: {} as Record<string, number>, failures: [] as string[] };
  const observer: SinkObserver = {
    written: (_, lines) => (told.written += lines),
    lost: (_, lines, reason) => (told.lost[reason] = (told.lost[reason] ?? 0) + lines),
    failed: (_, { message }) => told.failures.push(message),
  };
  return { told, observer };
}

/** Lines of so many bytes, told apart by their number. */
export const numbered = (from: number, count: number, bytes = 10): string[] =>
  Array.from({ length: count }, (_, at) => `${String(from + at).padStart(bytes - 1, '0')}\n`);
