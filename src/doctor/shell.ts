import { unsafe } from '../text/json.ts';

/** What no shell reads as anything but itself. A name that begins with `-` is no option behind `--`. */
const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * A word for a POSIX shell that stands for exactly this text. Names of the cluster are anybody's choice: what a terminal
 * would hide or obey is written as `$'\u…'`, which bash, ksh and zsh read.
 */
export function quoted(text: string): string {
  if (plain.test(text)) return text;
  if (text.isWellFormed() && text.replaceAll(unsafe, '') === text) {
    return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  }
  const escaped = text.toWellFormed().replaceAll(/[\\']/g, String.raw`\$&`);
  return `$'${escaped.replaceAll(unsafe, escape)}'`;
}

function escape(character: string): string {
  return String.raw`\U` + Number(character.codePointAt(0)).toString(16).padStart(8, '0');
}

/** A command of which each word is taken as it is. */
export const command = (...words: readonly string[]): string => words.map(quoted).join(' ');
