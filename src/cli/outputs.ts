import { writeFile } from 'node:fs/promises';
import { messageOf } from '../text/message.ts';
import { CommandError } from './error.ts';
import type { IO } from './io.ts';
import { noCommand } from './no-command.ts';

/** Where a format is written; undefined is standard output. */
export interface Output<Format extends string> {
  readonly format: Format;
  readonly file: string | undefined;
}

/**
 * Reads `--output FORMAT[=FILE]` options.
 * @param formats what there is, by name
 */
export function readOutputs<Format extends string>(
  given: readonly string[],
  formats: Readonly<Record<Format, unknown>>,
): Output<Format>[] {
  const isFormat = (name: string): name is Format => Object.hasOwn(formats, name);
  const outputs = given.map((text): Output<Format> => {
    const [format = '', ...rest] = text.split('=');
    const file = rest.length === 0 ? undefined : rest.join('=');
    if (!isFormat(format) || file === '') {
      const known = Object.keys(formats).join(', ');
      throw new CommandError(
        'OutputInvalid',
        `--output ${JSON.stringify(text)}: expected FORMAT or FORMAT=FILE, where FORMAT is one of ${known}`,
      );
    }
    return { format, file };
  });
  const files = outputs.map(({ file }) => file);
  if (new Set(files).size < files.length) {
    throw new CommandError(
      'OutputInvalid',
      '--output: only one format fits into each file, and into standard output',
    );
  }
  return outputs;
}

/**
 * Writes each format to its place, in the order given.
 * @param head of what people read on standard output
 * @returns whether anything went to standard output
 */
export async function writeOutputs<Format extends string>(
  outputs: readonly Output<Format>[],
  textOf: (output: Output<Format>) => string | Promise<string>,
  head: string,
  io: IO,
): Promise<boolean> {
  for (const output of outputs) {
    const { format, file } = output;
    // oxlint-disable-next-line no-await-in-loop -- in the order given
    const text = await textOf(output);
    if (file === undefined) io.out(format === 'stdout' ? harmless(`${head}${text}`) : text);
    else {
      // oxlint-disable-next-line no-await-in-loop
      await writeFile(file, text).catch((cause: unknown) => {
        throw new CommandError('FileUnwritable', `${file}: cannot be written: ${messageOf(cause)}`, {
          cause,
        });
      });
    }
  }
  return outputs.some(({ file }) => file === undefined);
}

/** What people read is what a runner reads, too. */
function harmless(text: string): string {
  return text.split('\n').map(noCommand).join('\n');
}
