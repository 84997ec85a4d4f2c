import { checks } from '../../src/doctor/checks.ts';

/** Every finding of `doctor`, as Markdown rows: a check, and below it what it can find wrong. */
export function doctorTable(): string {
  const rows = checks.flatMap(({ name, asks, faults }) => [
    `| \`${name}\` | ok, unknown | ${cell(asks)} | |`,
    ...Object.entries(faults).map(
      ([code, { severity, why, mend }]) => `| \`${code}\` | ${severity} | ${cell(why)} | ${cell(mend)} |`,
    ),
  ]);
  return ['| code | severity | meaning | what to do |', '|---|---|---|---|', ...rows].join('\n');
}

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
