import { eventually, NotYet } from '../support/eventually.ts';
import type { Fault } from '../support/fault.ts';
import { anyFault, FaultPlan, isWatch, type NamedFaults } from './faults.ts';
import { chaos } from './scenario.ts';
import type { Stage } from './stage.ts';

/** The watch is how the program hears of anything: it breaks, ends, lies or forgets, and nobody is forgotten. */

const scenario = chaos();

/** Each watch that begins is another broken one, until all were; those of before are cut. */
async function watchesMeet(stage: Stage, faults: NamedFaults): Promise<void> {
  const plan = new FaultPlan(isWatch, faults, { times: 1, between: 0 });
  stage.proxy.fault = plan.next;
  stage.proxy.cutWatches();
  try {
    await eventually(
      () => {
        // One that was only late is a good one, and would go on.
        if (plan.met.at(-1) === 'a delay') stage.proxy.cutWatches();
        if (plan.left > 0) throw new NotYet(`met only ${plan.met.join(', ')}`);
        return true;
      },
      { withinMs: 90_000 },
    );
    await stage.progress(stage.traffic.size);
  } finally {
    stage.proxy.fault = () => undefined;
  }
}

scenario('watches are refused in every way', (stage) =>
  watchesMeet(stage, { ...anyFault, '410': { kind: 'status', status: 410 } }),
);

scenario('watches end early, in good order', (stage) =>
  watchesMeet(stage, {
    'at once': { kind: 'end', endAfterMs: 0 },
    'after half a second': { kind: 'end', endAfterMs: 500 },
    'after two seconds': { kind: 'end', endAfterMs: 2000 },
    'after half a second again': { kind: 'end', endAfterMs: 500 },
  }),
);

function editing(edit: (line: string) => readonly string[], endAfterMs?: number): Fault {
  return { kind: 'edit-lines', edit, ...(endAfterMs !== undefined && { endAfterMs }) };
}

const expired = JSON.stringify({
  type: 'ERROR',
  object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410, message: 'too old' },
});

scenario('watches end with 410 in the middle', async (stage) => {
  let ended = 0;
  stage.proxy.fault = ({ watch }) => {
    if (!watch || ended >= 6) return undefined;
    let lines = 0;
    return editing((line) => {
      lines += 1;
      if (lines < 4) return [line];
      ended += 1;
      return [expired];
    });
  };
  stage.proxy.cutWatches();
  await eventually(() => (ended >= 6 ? true : undefined), { withinMs: 60_000 });
  stage.proxy.fault = () => undefined;
});

scenario('watches tell everything twice, and late', async (stage) => {
  let twice = 0;
  stage.proxy.fault = ({ watch }) => {
    if (!watch) return undefined;
    let held: string | undefined;
    return editing((line) => {
      twice += 1;
      // The line before comes after this one, and again.
      const out = held === undefined ? [] : [line, held, held];
      held = held === undefined ? line : undefined;
      return out;
    });
  };
  stage.proxy.cutWatches();
  await eventually(() => (twice > 60 ? true : undefined), { withinMs: 60_000 });
  stage.proxy.fault = () => undefined;
  stage.proxy.cutWatches();
});

scenario('watches swallow half of what happens, and then end', async (stage) => {
  let swallowed = 0;
  stage.proxy.fault = ({ watch }) => {
    if (!watch) return undefined;
    let number = 0;
    return editing((line) => {
      number += 1;
      if (number % 2 === 0) return [line];
      swallowed += 1;
      return [];
    }, 2000);
  };
  stage.proxy.cutWatches();
  await eventually(() => (swallowed > 30 ? true : undefined), { withinMs: 60_000 });
  stage.proxy.fault = () => undefined;
  // A watch in which nothing happens is given up after 90 s: that is not what helps here.
  await stage.progress(stage.traffic.size, 60_000);
});

scenario('watches say what is no event', async (stage) => {
  const nonsense = ['{', '[]', '{"type":"NEWS"}', '{"type":"ADDED","object":{}}', 'null', '\u0000'];
  let said = 0;
  stage.proxy.fault = ({ watch }) => {
    const line = nonsense[said % nonsense.length];
    if (!watch || said >= nonsense.length || line === undefined) return undefined;
    said += 1;
    let lines = 0;
    return editing((true_) => {
      lines += 1;
      return lines === 2 ? [line, true_] : [true_];
    });
  };
  stage.proxy.cutWatches();
  await eventually(
    () => {
      if (said >= nonsense.length) return true;
      stage.proxy.cutWatches();
      return undefined;
    },
    { withinMs: 60_000 },
  );
  stage.proxy.fault = () => undefined;
});
