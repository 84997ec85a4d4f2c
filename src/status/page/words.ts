import type { Shown } from '../../decide/shown.ts';
import type { Html } from '../../text/html.ts';
import { html } from '../../text/html.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** A time span for people, with two units at most. */
export function span(seconds: number): string {
  // A request may be younger than nothing, where the clocks of API servers differ.
  const s = Math.max(0, Math.floor(seconds));
  if (s < minute) return `${String(s)} s`;
  if (s < hour) return two(s, minute, 'min', 1, 's');
  if (s < day) return two(s, hour, 'h', minute, 'min');
  return two(s, day, 'd', hour, 'h');
}

function two(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  const first = `${String(Math.floor(seconds / large))} ${largeName}`;
  return rest === 0 ? first : `${first} ${String(rest)} ${smallName}`;
}

/** A duration of computing. @param ns nanoseconds */
export function duration(ns: number): string {
  const ms = ns / 1e6;
  if (ms >= 1000) return span(ms / 1000);
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${String(number)} ${number === 1 ? one : many}`;

/** @param timestamp RFC 3339, in UTC */
export function time(timestamp: string): Html {
  const shown = timestamp.slice(0, 19).replace('T', ' ');
  return html`<time datetime="${timestamp}">${shown}</time>`;
}

const colours: Readonly<Record<string, string>> = {
  approve: 'good',
  deny: 'bad',
  error: 'bad',
  wait: 'warn',
  abstain: 'warn',
};

export function verdict(kind: string): Html {
  return html`<span class="verdict ${colours[kind] ?? 'quiet'}">${kind}</span>`;
}

/** Every reason, with what to do about it. */
export function why(
  { reasons = [], more_reasons }: Partial<Shown>,
  remedies: Readonly<Record<string, string>>,
): Html {
  const more =
    more_reasons !== undefined && html`<li class="quiet">and ${count(more_reasons, 'more reason')}</li>`;
  return html`<ul>
    ${reasons.map(({ code, msg }) => html`<li><code>${code}</code> ${msg}${remedy(code, remedies)}</li>`)}${more}
  </ul>`;
}

/** A policy's author chose the code: it may be called as something that every object has. */
function remedy(code: string, remedies: Readonly<Record<string, string>>): Html | undefined {
  if (!Object.hasOwn(remedies, code)) return undefined;
  return html`<br /><span class="remedy">What to do: ${remedies[code]}</span>`;
}
