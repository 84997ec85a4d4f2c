import { escapeText } from '../text/escape.ts';

/** So many names are shown of a longer list. */
const shownNames = 5;

/** `a, b and 3 more`, escaped. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, shownNames).map((name) => escapeText(name, 128));
  const more = names.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${String(more)} more`;
}

/** `1 Node`, `2 Nodes` */
export const count = (number: number, noun: string): string =>
  `${String(number)} ${noun}${number === 1 ? '' : 's'}`;

/** A time for people, in the largest unit that leaves a number of two digits or less, where there is one. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${String(seconds)} s`;
  if (seconds < 100 * 60) return `${String(Math.round(seconds / 60))} min`;
  if (seconds < 48 * 3600) return `${String(Math.round(seconds / 3600))} h`;
  return `${String(Math.round(seconds / 86_400))} days`;
}
