import { groups, severities, type Finding, type Severity } from '../doctor/finding.ts';
import { count } from '../doctor/words.ts';
import { escapeText } from '../text/escape.ts';
import { printable, safeJson } from '../text/json.ts';
import type { IO } from './io.ts';
import { noCommand } from './no-command.ts';

/** What was looked at. */
export interface About {
  readonly server: string;
  readonly kubernetes: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Beside the word, so that a glance finds what matters, on any terminal. */
const signs: Readonly<Record<Severity, string>> = {
  error: 'x',
  warning: '!',
  unknown: '?',
  info: 'i',
  ok: '+',
};

const width = Math.max(...severities.map((severity) => severity.length));

/** For people: by group, and what is to be done below each finding. */
export function printFindings(findings: readonly Finding[], about: About, io: IO): void {
  const { server, kubernetes, namespace, serviceAccount } = about;
  io.out(`${escapeText(server)}, Kubernetes ${escapeText(kubernetes)}\n`);
  io.out(`namespace ${escapeText(namespace)}, ServiceAccount ${escapeText(serviceAccount)}\n`);
  const longest = Math.max(0, ...findings.map(({ code }) => code.length));
  for (const group of groups) {
    const ofGroup = findings.filter((finding) => finding.group === group);
    if (ofGroup.length > 0) io.out(`\n${group}\n`);
    for (const finding of ofGroup) printOne(finding, longest, io);
  }
  io.out(`\n${summaryLine(findings)}\n`);
}

function printOne({ severity, code, seen, why, mend, commands }: Finding, longest: number, io: IO): void {
  const head = `  ${signs[severity]} ${severity.padEnd(width)}  ${code.padEnd(longest)}  `;
  io.out(lines(head, seen));
  if (severity === 'ok') return;
  const indent = ' '.repeat(width + 6);
  if (severity !== 'unknown') io.out(lines(`${indent}why: `, why));
  if (mend !== '') io.out(lines(`${indent}do:  `, mend));
  // In one line however long, to be copied.
  for (const command of commands) io.out(`${noCommand(`${indent}$ ${printable(command)}`)}\n`);
}

const columns = 110;

/** Text behind a head, in lines of some columns where it has blanks. */
function lines(head: string, text: string): string {
  const room = columns - head.length;
  const wrapped = printable(text).replaceAll(new RegExp(`(.{1,${String(room)}})(?: |$)`, 'g'), '$1\n');
  const [first = '', ...rest] = wrapped.trimEnd().split('\n');
  const margin = ' '.repeat(head.length);
  return [head + first, ...rest.map((one) => margin + one)]
    .map((one) => `${noCommand(one.trimEnd())}\n`)
    .join('');
}

const counts = (findings: readonly Finding[]): Record<Severity, number> => {
  const of = (severity: Severity): number =>
    findings.filter((finding) => finding.severity === severity).length;
  return {
    error: of('error'),
    warning: of('warning'),
    unknown: of('unknown'),
    info: of('info'),
    ok: of('ok'),
  };
};

function summaryLine(findings: readonly Finding[]): string {
  const { error, warning, unknown, info, ok } = counts(findings);
  return `${count(error, 'error')}, ${count(warning, 'warning')}, ${String(unknown)} unknown, ${String(info)} info, ${String(ok)} ok`;
}

/** For programs: one document. */
export function printFindingsJson(findings: readonly Finding[], about: About, io: IO): void {
  io.out(`${safeJson({ ...about, summary: counts(findings), findings }, 2)}\n`);
}
