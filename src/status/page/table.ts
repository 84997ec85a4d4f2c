import type { Html, Piece } from '../../text/html.ts';
import { html } from '../../text/html.ts';

interface Table {
  readonly caption: Piece;
  /** The first column names its row. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Piece[])[];
}

/**
 * A table that can be read on a phone, where each row is a block. The roles say what elements are by themselves, as long
 * as no style shows them as blocks: then some browsers forget it.
 */
export function table({ caption, columns, rows }: Table): Html {
  return html`<table role="table">
    <caption>
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map((column) => html`<th scope="col" role="columnheader">${column}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row) =>
          html` <tr role="row">
            ${row.map((cell, index) =>
              index === 0
                ? html`<th scope="row" role="rowheader">${cell}</th>`
                : html`<td role="cell" data-column="${columns[index]}">${cell}</td>`,
            )}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
