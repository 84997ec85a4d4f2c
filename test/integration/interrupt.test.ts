import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const program = new URL('../../dist/rego-csr-approver', import.meta.url).pathname;

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a command that reads and never gets anything ends at once by %s', async (signal, code) => {
  const child = spawn(program, ['decode', '-f', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  // A line of the wrong form, so that we know that it runs and reads; the end of the input never comes.
  child.stdin.write('kind: x\n');
  const ended = once(child, 'exit');
  const asking = setInterval(() => child.kill(signal), 200);
  const [exit, by] = await ended;
  clearInterval(asking);
  // Asked before it listens, it ends as every process does.
  expect(by ?? exit).toBe(by === null ? code : signal);
});
