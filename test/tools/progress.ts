/** Takes one line about what is going on. */
export type Progress = (line: string) => void;

/** stdout is for results. */
export const stderrProgress: Progress = (line) => void process.stderr.write(`${line}\n`);

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60
    ? `${seconds}s`
    : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}
