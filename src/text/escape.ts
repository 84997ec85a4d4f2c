/**
 * Text that strangers wrote, made safe to show: in a log, an Event, a condition message, a terminal.
 * Whatever moves the cursor, hides, reorders or breaks a line becomes `\u{…}`; the backslash becomes two, so
 * that two different texts never look the same.
 */

/** Enough for any name; Events hold 1024 bytes and condition messages 32 KiB. */
const DEFAULT_MAX_LENGTH = 256;

/**
 * Cc holds ESC, NUL, DEL and C1 (ANSI escapes); Cf bidi overrides, isolates and zero-width characters; Zl and
 * Zp separate lines; Zs without the plain space looks like it; Cs is half a pair; Co and Cn have no shape
 * that is known. The rest of Default_Ignorable_Code_Point (fillers, variation selectors) shows nothing.
 */
const UNSAFE = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

const escapeCharacter = (character: string): string =>
  character === '\\' ? '\\\\' : `\\u{${Number(character.codePointAt(0)).toString(16)}}`;

/** Cuts between characters, never inside a surrogate pair. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  const next = text.charCodeAt(length);
  const insidePair = last >= 0xd800 && last <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
  return text.slice(0, insidePair ? length - 1 : length);
}

/**
 * The text, escaped; cut to that many UTF-16 units first, so that a text of any size costs no more than a
 * short one. A cut text ends in `\…` and its whole length: an escaped text never has a backslash before `…`.
 */
export function escapeText(text: string, maxLength: number = DEFAULT_MAX_LENGTH): string {
  const kept = text.length > maxLength ? cut(text, maxLength) : text;
  const escaped = kept.replaceAll(UNSAFE, escapeCharacter);
  return kept === text ? escaped : `${escaped}\\…(${text.length})`;
}
