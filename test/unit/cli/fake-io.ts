import { main } from '../../../src/cli/program.ts';
import { now } from '../decide/stubs.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process, one second after the request of `csrObject()` was made. */
export async function run(args: readonly string[], stdin = ''): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await main(args, {
    stdin: () => Promise.resolve(stdin),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: {},
    now: () => now,
    stopping: AbortSignal.abort(),
  });
  return { code, out, err };
}
