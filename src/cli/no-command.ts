/**
 * A line of somebody else's text, made harmless where GitHub's runner reads it: it obeys a line that begins with two
 * colons or holds `##[`.
 */
export function noCommand(line: string): string {
  return line.replace(/^(\s*):(?=:)/, String.raw`$1\u003a`).replaceAll('##[', String.raw`\u0023#[`);
}
