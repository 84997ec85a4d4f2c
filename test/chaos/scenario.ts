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
      const { running, started } = stage;
      try {
        await run(stage);
        await expectNothingLost(stage);
        // Whoever ends by himself is started again by nobody here.
        if (stage.started === started) expect(stage.running).toEqual(running);
        expect(stage.running).toHaveLength(running.length);
      } catch (cause) {
        await stage.abandon();
        const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
        throw new Error(`${message}\n\nthe end of the approver's log:\n${stage.logTail}`, { cause });
      }
    });
  };
}
