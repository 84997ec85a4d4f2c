/**
 * How V8 is to use memory in the command `run`, which keeps little and reads much: each list of 15,000 Nodes is 260 MB of
 * text. Left alone it grows to 420 MiB before it collects what nobody needs; with these it stays below 200
 * (test/bench/scale.bench.ts). An approval costs the same with and without.
 */
export const runMemory = ['--max-semi-space-size=4', '--max-old-space-size=256'] as const;

/**
 * How glibc is to use memory in the command `run` (mallopt(3)). Left alone it keeps an arena of freed memory for each of
 * some ten threads, and more of it in each the larger the blocks are that were freed: 15 MiB of an idle program. With two
 * arenas, which give back what is above 128 KiB, an approval takes no more CPU time.
 */
export const runAllocation = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' } as const;
