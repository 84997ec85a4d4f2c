/** What may hide, reorder or break a line, and JSON leaves as it is: everything that is not plain or printable. */
export const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** JSON text that is safe on a terminal and in a log: the same value, with suspicious characters as `\uXXXX`. */
export function safeJson(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, null, indent);
  return text.replaceAll(unsafe, (character) => (character === '\n' ? '\n' : escapeUnits(character)));
}

/** The text in one line with suspicious characters as `\\uXXXX`, like safeJson but without quotes. */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(unsafe, escapeUnits);
}

function escapeUnits(character: string): string {
  let escaped = '';
  for (let unit = 0; unit < character.length; unit += 1) {
    escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
