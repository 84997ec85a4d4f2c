import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectNothingLost } from './expect-nothing-lost.ts';
import { Stage, type StageOptions } from './stage.ts';

/**
 * The stage of one file, opened once. Each scenario begins with traffic that flows, breaks something, mends it, and has
 * one checker say that nothing was lost. It adds a row to the table of test/README.md, by the same name.
 */
export function chaos(options: StageOptions = {}) {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(options);
  });
  afterAll(() => stage?.close());

  return function scenario(name: string, run: (stage: Stage) => Promise<void>): void {
    test(name, async () => {
      stage.traffic.start();
      await stage.progress(stage.traffic.size);
      const { pid } = stage.approver.process;
      const replaced = stage.replaced;
      try {
        await run(stage);
        await expectNothingLost(stage);
        if (stage.replaced === replaced) expect(stage.approver.process.pid).toBe(pid);
      } catch (cause) {
        await stage.abandon();
        const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
        throw new Error(`${message}\n\nthe end of the approver's log:\n${stage.logTail}`, { cause });
      }
    });
  };
}
