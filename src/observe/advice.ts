import type { Reason, Verdict } from '../decide/verdict.ts';
import { escapeText } from '../text/escape.ts';
import { cut, explainVerdict, maxNoteBytes, type Remedy } from './event.ts';

/** Longest text about what to do, of all reasons together, in characters; the rest of a note says what is wrong. */
const maxAdvice = 400;

/** A note for people: what is wrong, and what to do. @param about comes first, escaped already */
export function adviseVerdict(verdict: Verdict, remedy: Remedy, about = ''): string {
  const what = `${about}${explainVerdict(verdict)}`;
  const todo = adviceOf(verdict.reasons, remedy);
  if (todo === '') return cut(what, maxNoteBytes);
  const tail = `. To do: ${todo}`;
  return `${cut(what, maxNoteBytes - Buffer.byteLength(tail))}${tail}`;
}

/** Each piece of advice once; one that says that nothing is to be done is none. */
function adviceOf(reasons: readonly Reason[], remedy: Remedy): string {
  const given = reasons.flatMap((reason) => remedy(reason)?.replaceAll(/\s+/g, ' ').trim() ?? []);
  const useful = [...new Set(given)].filter((text) => text !== '' && !/^None\b/.test(text));
  return cut(useful.map((text) => escapeText(text, maxAdvice)).join(' '), maxAdvice);
}
