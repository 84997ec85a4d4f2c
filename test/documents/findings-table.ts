import { findingCodes } from '../../src/audit/codes.ts';

/** Everything that an audit can find. */
export function findingsTable(): string {
  const rows = Object.entries(findingCodes).map(
    ([code, { severity, meaning, remedy }]) => `| \`${code}\` | ${severity} | ${meaning} | ${remedy} |`,
  );
  return ['| code | severity | meaning | what to do |', '|---|---|---|---|', ...rows].join('\n');
}
