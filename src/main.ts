import { text } from 'node:stream/consumers';
import { main } from './cli/program.ts';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

// Set, not exited with: what is still to be written to a pipe must not be cut off.
process.exitCode = await main(process.argv.slice(2), {
  stdin: () => text(process.stdin),
  out: (chunk) => process.stdout.write(chunk),
  err: (chunk) => process.stderr.write(chunk),
  env: process.env,
  now: () => new Date(),
  stopping: stopping.signal,
});
