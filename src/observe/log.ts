import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';
import { GatheredLines } from './gathered-lines.ts';

export type { Logger } from 'pino';

/**
 * The program's log: one JSON object a line, on standard error by default. pino's JSON escapes control characters;
 * text from requests is escaped further where it is put in. `flush` before anything else is written there.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? new GatheredLines(2),
  );
}
