import { unsafe } from '../text/json.ts';

/** What no shell reads as anything but itself. A name that begins with `-` is no option behind `--`. */
const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * A word for a POSIX shell that stands for exactly this text. Names of the cluster are anybody's choice: what a terminal
 * would hide or obey is written as `$'\342…'`, which bash, ksh and zsh read.
 */
export function quoted(text: string): string {
  if (plain.test(text)) return text;
  if (text.isWellFormed() && text.replaceAll(unsafe, '') === text) {
    return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  }
  const escaped = text.toWellFormed().replaceAll(/[\\']/g, String.raw`\$&`);
  return `$'${escaped.replaceAll(unsafe, escape)}'`;
}

/** Its bytes in octal, which no locale changes. */
function escape(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** A command of which each word is taken as it is. */
export const command = (...words: readonly string[]): string => words.map(quoted).join(' ');
