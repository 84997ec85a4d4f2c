/** Text and tables cut to a terminal's width. */

const gap = 2;

/** A word that is longer than a line is broken behind its punctuation and, at last, anywhere. */
function pieces(word: string, width: number): string[] {
  if (word.length <= width) return [word];
  const parts = word.match(/[^.,:/-]*[.,:/-]|[^.,:/-]+/g) ?? [];
  return parts.flatMap((part) => part.match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let glue = line === '' ? '' : ' ';
    for (const piece of pieces(word, width)) {
      if (line.length + glue.length + piece.length > width) {
        lines.push(line);
        line = piece;
      } else {
        line += glue + piece;
      }
      glue = '';
    }
  }
  return [...lines, line];
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

/** Takes from the widest column while there is one wider than its floor. */
function shrink(widths: number[], floors: readonly number[], total: number): void {
  const sum = () => widths.reduce((left, right) => left + right, 0);
  while (sum() > total) {
    const widest = Math.max(...widths.filter((width, column) => width > (floors[column] ?? 0)), 0);
    const column = widths.findIndex((width, at) => width === widest && width > (floors[at] ?? 0));
    if (column === -1) return;
    widths[column] = widest - 1;
  }
}

/** Rows of padded lines; columns give way first where their words are apart, then where they must. */
export function table(rows: readonly (readonly string[])[], width: number): string[][][] {
  const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? ''));
  const widths = columns.map(longest);
  const total = width - gap * (widths.length - 1);
  shrink(
    widths,
    columns.map((cells) => longest(cells.flatMap((cell) => cell.split(' ')))),
    total,
  );
  shrink(
    widths,
    widths.map(() => 1),
    total,
  );
  return rows.map((row) => {
    const cells = row.map((cell, column) => wrap(cell, widths[column] ?? 1));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells.map((lines, column) =>
        (lines[line] ?? '').padEnd((widths[column] ?? 0) + (column === cells.length - 1 ? 0 : gap)),
      ),
    );
  });
}
