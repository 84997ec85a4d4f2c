/**
 * HTML from templates: what a template itself says is markup, whatever is put into it is text, in elements and in quoted
 * attributes. Nothing may be put into an attribute that is not quoted, nor into a script or a style.
 */

/** Markup that is safe to be put into other markup. Made by `html` alone, or of our own text by `trusted`. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

/** What may be put into a template; undefined and false are nothing. */
export type Piece = Html | string | number | false | undefined | readonly Piece[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A page from a template. Strangers' text is to be bounded, and made visible by `escapeText`, before. */
export function html(literals: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let markup = literals[0] ?? '';
  for (const [index, piece] of pieces.entries()) markup += markupOf(piece) + (literals[index + 1] ?? '');
  return new Html(markup);
}

/** Text of the program itself, as markup. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

function markupOf(piece: Piece): string {
  if (piece === undefined || piece === false) return '';
  if (piece instanceof Html) return piece.toString();
  if (typeof piece === 'object') return piece.map(markupOf).join('');
  return String(piece).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
