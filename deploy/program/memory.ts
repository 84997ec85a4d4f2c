/**
 * How V8 is to use memory in the command `run`, which keeps little and reads much: each list of 15,000 Nodes is 260 MB of
 * text. Left alone it grows to 420 MiB before it collects what nobody needs; with these it stays below 200
 * (test/bench/scale.bench.ts). An approval costs the same with and without.
 */
export const runMemory = ['--max-semi-space-size=4', '--max-old-space-size=256'] as const;
