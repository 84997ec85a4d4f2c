import { safeJson } from '../../text/json.ts';
import type { ReplayReport } from '../report.ts';

/** For programs: one object with everything that is known. */
export function formatJson({ decided, flipped, reworded, gates, ...report }: ReplayReport): string {
  const told = {
    summary: {
      decided,
      flipped,
      reworded,
      not_replayed: report.skipped.reduce((sum, { count }) => sum + count, 0),
    },
    ...report,
    gates: gates.map(({ gate, count }) => ({ gate: gate.text, count, passed: count === 0 })),
  };
  return `${safeJson(told, 2)}\n`;
}
