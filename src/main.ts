import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import { main } from './cli/program.ts';

const stopping = new AbortController();
let isHeeded = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopping.abort();
    // A command that never looks would go on to its end, however long that takes.
    if (!isHeeded) process.exit(128 + constants.signals[signal]);
  });
}

// Set, not exited with: what is still to be written to a pipe must not be cut off.
process.exitCode = await main(process.argv.slice(2), {
  stdin: () => text(process.stdin),
  stdinBytes: () => process.stdin,
  out: (chunk) => process.stdout.write(chunk),
  err: (chunk) => process.stderr.write(chunk),
  isWatched: process.stderr.isTTY,
  env: process.env,
  now: () => new Date(),
  get stopping() {
    isHeeded = true;
    return stopping.signal;
  },
});
