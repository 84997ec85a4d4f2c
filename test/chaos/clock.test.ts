import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { chaos } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Ages are counted by wall clocks, of which the program's own may be set at any moment. */

const folder = mkdtempSync(join(tmpdir(), 'chaos-clock-'));
const file = join(folder, 'shift');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const setClock = (hours: number): void => writeFileSync(file, String(hours * 3_600_000));
setClock(0);

const scenario = chaos({
  direct: true,
  env: {
    NODE_OPTIONS: `--import=${new URL('shifted-clock.ts', import.meta.url).href}`,
    CLOCK_SHIFT_FILE: file,
  },
});

/** The clock is wrong for a while; who asks meanwhile is not made to wait until it is right again. */
async function wrongFor(stage: Stage, hours: number): Promise<void> {
  setClock(hours);
  try {
    await stage.progress(3 * stage.traffic.size);
  } finally {
    setClock(0);
  }
  await stage.progress(stage.traffic.size);
}

scenario("the program's clock jumps two hours ahead", (stage) => wrongFor(stage, 2));

scenario("the program's clock jumps two hours back", (stage) => wrongFor(stage, -2));

scenario("the program's clock jumps a year ahead and back", (stage) => wrongFor(stage, 365 * 24));
