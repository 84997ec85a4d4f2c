/** Text with `{word}` in it, each of which stands for another text. */

/** The words of a template, or what is wrong with it. There is no way to write a brace that is none. */
export function wordsOf(template: string): readonly string[] | { readonly problem: string } {
  const parts = split(template);
  if (parts.some(({ literal }) => /[{}]/.test(literal))) return { problem: 'a brace that is not closed' };
  return parts.flatMap(({ word }) => word ?? []);
}

/** The text, with every word replaced; undefined when `valueOf` knows no text for one, or an empty one. */
export function fill(template: string, valueOf: (word: string) => string | undefined): string | undefined {
  let text = '';
  for (const { literal, word } of split(template)) {
    text += literal;
    if (word === undefined) continue;
    const value = valueOf(word);
    // An empty text in the place of a name would ask for all objects, or for those of everybody who has none.
    if (value === undefined || value === '') return undefined;
    text += value;
  }
  return text;
}

interface Part {
  readonly literal: string;
  readonly word: string | undefined;
}

/** Literals, each with the word that follows it. */
function split(template: string): Part[] {
  const pieces = template.split(/\{([^{}]*)\}/);
  const parts: Part[] = [];
  for (let at = 0; at < pieces.length; at += 2) {
    parts.push({ literal: pieces[at] ?? '', word: pieces[at + 1] });
  }
  return parts;
}
