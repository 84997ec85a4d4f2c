import { readFile } from 'node:fs/promises';

/** A token of RFC 9110 section 5.6.2, a colon, and what is printable. */
const line = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*)$/;

/**
 * Headers of a file with a line `Name: value` for each, such as `Authorization: Bearer …`.
 * @throws Error that says which line is wrong, and nothing of it
 */
export function parseHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, row] of text.split(/\r?\n/).entries()) {
    if (row.trim() === '') continue;
    const [, name, value] = line.exec(row) ?? [];
    if (name === undefined || value === undefined)
      throw new Error(`line ${String(index + 1)} is no \`Name: value\``);
    headers[name.toLowerCase()] = value.trim();
  }
  return headers;
}

/** Read for each batch: a token in it may be replaced. */
export async function readHeaders(file: string): Promise<Record<string, string>> {
  return parseHeaders(await readFile(file, 'utf8'));
}
