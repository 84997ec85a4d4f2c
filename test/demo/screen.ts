import { styleText } from 'node:util';
import { table, wrap } from './layout.ts';

type Style = Parameters<typeof styleText>[0];

const maxWidth = 100;
const indent = 3;
const timeWidth = 8;

/** For people: tenths of a second, and milliseconds where those say more. */
export const seconds = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

/** What the demo prints. Colours and a line that moves only on a terminal; NO_COLOR is heeded by styleText. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  #step = 0;
  #isLive = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  title(text: string): void {
    this.#line(this.#styled('bold', text));
  }

  /** Opens the next numbered step. */
  step(title: string): void {
    this.#line('');
    this.#line(`${this.#styled('cyan', String(++this.#step))}  ${this.#styled('bold', title)}`);
  }

  section(title: string): void {
    this.#line('');
    this.#line(this.#styled('bold', title));
  }

  say(text: string, style: Style = 'reset', at = indent): void {
    for (const line of wrap(text, this.#width - at)) this.#line(' '.repeat(at) + this.#styled(style, line));
  }

  command(text: string): void {
    this.say(`$ ${text}`, 'cyan');
  }

  done(text: string, ms?: number): void {
    this.#marked('green', '✓', text, ms);
  }

  pending(text: string, ms?: number): void {
    this.#marked('yellow', '○', text, ms);
  }

  failed(text: string): void {
    this.#line('');
    this.#marked('red', '✗', text);
  }

  /** Text that is not ours to wrap: a log. */
  verbatim(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.#line(this.#styled('dim', `  | ${line}`));
  }

  /** Says what is going on while the work takes its time, and takes it back when it is done. */
  async during<T>(doing: string, work: () => Promise<T>): Promise<T> {
    if (!this.#out.isTTY || process.env['TERM'] === 'dumb') return work();
    const started = performance.now();
    const show = (): void => {
      const waited = Math.floor((performance.now() - started) / 1000);
      const text = `   … ${doing}${waited < 2 ? '' : `, ${waited} s`}`;
      this.#clear();
      this.#isLive = true;
      this.#out.write(this.#styled('dim', text.slice(0, this.#width)));
    };
    show();
    const timer = setInterval(show, 1000);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      this.#clear();
    }
  }

  /** The first row is the head; `styleOf` colours a cell by its column and its row's cells. */
  table(
    rows: readonly (readonly string[])[],
    styleOf: (column: number, row: readonly string[]) => Style,
  ): void {
    this.#line('');
    for (const [index, lines] of table(rows, this.#width - indent).entries()) {
      const row = rows[index] ?? [];
      for (const cells of lines) {
        const styled = cells.map((cell, column) =>
          this.#styled(index === 0 ? 'bold' : styleOf(column, row), cell),
        );
        this.#line(' '.repeat(indent) + styled.join(''));
      }
    }
    this.#line('');
  }

  get #width(): number {
    return Math.min(this.#out.columns ?? maxWidth, maxWidth);
  }

  #marked(style: Style, mark: string, text: string, ms?: number): void {
    const width = this.#width - indent - 2 - (ms === undefined ? 0 : timeWidth + 2);
    for (const [index, line] of wrap(text, width).entries()) {
      const time = index === 0 && ms !== undefined ? `  ${seconds(ms).padStart(timeWidth)}` : '';
      const head = index === 0 ? this.#styled(style, mark) : ' ';
      const body = time === '' ? line : line.padEnd(width);
      this.#line(`${' '.repeat(indent)}${head} ${body}${this.#styled('dim', time)}`);
    }
  }

  #styled(style: Style, text: string): string {
    return style === 'reset' || text.trim() === '' ? text : styleText(style, text, { stream: this.#out });
  }

  #clear(): void {
    if (this.#isLive) this.#out.write('\r\u001B[2K');
    this.#isLive = false;
  }

  #line(text: string): void {
    this.#clear();
    this.#out.write(`${text.trimEnd()}\n`);
  }
}
