import type { IO } from '../../src/cli/io.ts';
import { main } from '../../src/cli/program.ts';

/** One second after the request of `csrObject()` was made. */
const atFirst = new Date('2026-11-22T06:00:01Z');

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process. */
export async function run(
  args: readonly string[],
  stdin: string | Uint8Array = '',
  { now = () => atFirst, stopping = AbortSignal.abort() }: Partial<Pick<IO, 'now' | 'stopping'>> = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await main(args, {
    stdin: () => Promise.resolve(Buffer.from(stdin).toString()),
    stdinBytes: async function* () {
      yield Promise.resolve(Buffer.from(stdin));
    },
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: {},
    now,
    stopping,
  });
  return { code, out, err };
}
