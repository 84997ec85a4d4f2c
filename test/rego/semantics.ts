import { readFileSync } from 'node:fs';

/** Where a row of the conformance tables is tested. */
type Coverage =
  | { readonly kind: 'case' | 'client' | 'limit' }
  | { readonly kind: 'test'; readonly file: string; readonly text: string }
  | { readonly kind: 'kubernetes'; readonly whose: string };

export interface Row {
  readonly id: string;
  readonly coverage: Coverage;
}

/** Reads semantics.txt, row by row, in its order. */
export function semanticsRows(): Row[] {
  const text = readFileSync(new URL('semantics.txt', import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, id = '', kind = '', rest = ''] = /^(\S+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    return { id, coverage: coverageOf(kind, rest, line) };
  });
}

function coverageOf(kind: string, rest: string, line: string): Coverage {
  const [file = '', text = ''] = rest.split(' :: ');
  if (kind === 'test' && text !== '') return { kind, file, text };
  if (kind === 'kubernetes' && rest !== '') return { kind, whose: rest };
  if ((kind === 'case' || kind === 'client' || kind === 'limit') && rest === '') return { kind };
  throw new TypeError(`semantics.txt: ${line}`);
}
