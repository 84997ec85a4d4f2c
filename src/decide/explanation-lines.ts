import type { Explanation } from './explain.ts';
import { escapeText } from '../text/escape.ts';
import { safeJson } from '../text/json.ts';

/** In characters: of a text of METADATA, and of a value that was compared. */
const most = { text: 1024, value: 160 } as const;

/** For people: what stands behind a reason, a line each, without what is empty. */
export function explanationLines(explanation: Explanation): string[] {
  const {
    rule,
    place,
    also,
    clause,
    title,
    description,
    remedy,
    details,
    compared,
    absent = [],
    note,
  } = explanation;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['rule', rule && `${rule} (${[place, ...(also ?? [])].join(', or ')})`],
    ['clause', clause],
    ['what', title],
    ['why', description],
    ['do', remedy],
    ['note', note],
  ];
  const lines = rows.flatMap(([name, text]) =>
    text === undefined || text === '' ? [] : `${name.padEnd(6)} ${escapeText(oneLine(text), most.text)}`,
  );
  const values = [...Object.entries(details ?? {}), ...Object.entries(compared ?? {})];
  return [
    ...lines,
    ...values.map(([path, value]) => `${escapeText(path)} = ${shortJson(value)}`),
    ...absent.map((path) => `${escapeText(path)} is not there`),
  ];
}

/** METADATA is written in paragraphs. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function shortJson(value: unknown): string {
  const text = safeJson(value);
  return text.length <= most.value
    ? text
    : `${text.slice(0, most.value)}… (${String(text.length)} characters)`;
}
