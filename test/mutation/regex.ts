import { edit, type Edit } from './edit.ts';

/** An escape, or one character. */
const ATOM = /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-f]{4}|x[\da-f]{2}|.)|[^\\]/isuy;
const HEADER = /\(\?(?:<[a-z]\w*>|:|=|!)/iuy;
const BOUNDS = /\{(?<least>\d+)(?<comma>,?)(?<most>\d*)\}/uy;

const matchAt = (expression: RegExp, text: string, at: number): RegExpExecArray | null => {
  expression.lastIndex = at;
  return expression.exec(text);
};

const lengthOfAtom = (pattern: string, at: number): number => matchAt(ATOM, pattern, at)?.[0].length ?? 1;

/** A class: the other way round, and without each of its members. Gives where it ends, too. */
function ofClass(pattern: string, start: number): { readonly edits: Edit[]; readonly end: number } {
  const negated = pattern[start + 1] === '^';
  const members: Edit[] = [];
  let at = start + (negated ? 2 : 1);
  while (pattern[at] !== ']') {
    let end = at + lengthOfAtom(pattern, at);
    if (pattern[end] === '-' && pattern[end + 1] !== ']') end += 1 + lengthOfAtom(pattern, end + 1);
    members.push(edit(at, end, ''));
    at = end;
  }
  const otherWay = negated ? edit(start + 1, start + 2, '') : edit(start + 1, start + 1, '^');
  return { edits: members.length > 1 ? [otherWay, ...members] : [otherWay], end: at + 1 };
}

function ofBounds(found: RegExpExecArray): Edit[] {
  const { least = '', comma = '', most = '' } = found.groups ?? {};
  const { index } = found;
  const bounds = (from: number, to: number): string => `{${from}${comma}${comma === '' ? '' : to}}`;
  const end = index + found[0].length;
  const [from, to] = [Number(least), Number(most)];
  const all = [bounds(from + 1, to), bounds(from, to - 1), bounds(from, to + 1)];
  return [...(from > 0 ? [bounds(from - 1, to)] : []), ...all]
    .filter((text) => text !== found[0])
    .map((text) => edit(index, end, text));
}

const OTHERWISE: Readonly<Record<string, string>> = {
  '^': '',
  $: '',
  '*': '+',
  '+': '*',
  '?': '',
  '\\d': '\\D',
  '\\w': '\\W',
};

/** Edits of a pattern: anchors, quantifiers, classes and their members, lookaheads. */
export function ofPattern(pattern: string): Edit[] {
  const edits: Edit[] = [];
  let at = 0;
  while (at < pattern.length) {
    const header = matchAt(HEADER, pattern, at)?.[0];
    const bounds = matchAt(BOUNDS, pattern, at);
    if (header !== undefined) {
      if (header === '(?!') edits.push(edit(at, at + 3, '(?='));
      at += header.length;
    } else if (bounds !== null) {
      edits.push(...ofBounds(bounds));
      at += bounds[0].length;
    } else if (pattern[at] === '[') {
      const inside = ofClass(pattern, at);
      edits.push(...inside.edits);
      at = inside.end;
    } else {
      const end = at + lengthOfAtom(pattern, at);
      const otherwise = OTHERWISE[pattern.slice(at, end)];
      if (otherwise !== undefined) edits.push(edit(at, end, otherwise));
      at = end;
    }
  }
  return edits;
}

/** Each flag left out. */
export const ofFlags = (flags: string): Edit[] => Array.from(flags, (_, i) => edit(i, i + 1, ''));
