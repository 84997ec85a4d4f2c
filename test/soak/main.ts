/**
 * The program over a longer time: a steady rate of requests, good and bad, that are decided, issued and deleted, with
 * policies replaced and connections cut all through it.
 *
 *     node test/soak/main.ts [--minutes N]
 *
 * Exit code 0: nothing was lost or let through, and memory and open files stay as they are; 1: something was.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Stage } from '../chaos/stage.ts';
import { eventually } from '../support/eventually.ts';
import { disturb, quietOverlay } from './disturb.ts';
import { quantile, slopePerHour, type Sample } from './figures.ts';
import { Janitor } from './janitor.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '2' } } });
const minutes = Number(values.minutes);
if (!(minutes >= 1)) throw new Error('--minutes must be a number of at least 1');

/** Of the run: until then V8 makes itself comfortable, and the pool fills. */
const warmUpShare = 0.25;
const disturbEveryMs = 10_000;
/** Growth from the first tenth after the warm-up to the last tenth, by medians. */
const bounds = { residentMiB: 32, descriptors: 56 };
/** A slope that is measured over minutes is mostly noise. */
const slopeBound = { fromMinutes: 20, mibPerHour: 40 };

const folder = mkdtempSync(join(tmpdir(), 'soak-'));
const overlay = join(folder, 'overlay.yaml');
quietOverlay(overlay);
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());

const stage = await Stage.open({
  config: `policy: {data: [${overlay}]}`,
  traffic: { kubelets: 12, thieves: 4, pauseMs: 400 },
});
try {
  await soak();
} catch (error) {
  console.error(stage.logTail);
  console.error(error);
  process.exitCode = 1;
} finally {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
}

async function soak(): Promise<void> {
  const janitor = new Janitor(stage);
  const { pid } = stage.approver.process;
  const resident: Sample[] = [];
  const descriptors: Sample[] = [];
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const cleaning = janitor.run(ending.signal);
  const disturbing = disturb(stage, overlay, disturbEveryMs, ending.signal);
  while (seconds() < minutes * 60 && !ending.signal.aborted) {
    const usage = await stage.approver.usage();
    if (seconds() >= minutes * 60 * warmUpShare) {
      resident.push({ at: seconds(), value: usage.residentMiB });
      descriptors.push({ at: seconds(), value: usage.descriptors });
    }
    await sleep(500, undefined, { signal: ending.signal }).catch(() => undefined);
  }
  const lasted = seconds();
  ending.abort();
  await cleaning;
  const done = await disturbing;
  await stage.traffic.stop(120_000);
  // The last ones were approved a moment ago, and are issued in the next.
  await eventually(
    async () => {
      await janitor.clean(0);
      return stage.traffic.asked.length === 0 ? true : undefined;
    },
    { withinMs: 60_000 },
  ).catch(() => undefined);

  const slope = slopePerHour(resident);
  const grown = { residentMiB: growth(resident), descriptors: growth(descriptors) };
  const { good, bad } = janitor.deleted;
  const rate = ((good + bad) / lasted).toFixed(1);
  const ms = (share: number) => `${quantile(janitor.approvedMs, share).toFixed(0)} ms`;
  console.log(`${String(good)} good and ${String(bad)} bad requests in ${lasted.toFixed(0)} s: ${rate}/s`);
  console.log(`creation to approval seen: p50 ${ms(0.5)}, p99 ${ms(0.99)}, longest ${ms(1)}`);
  console.log(
    `disturbed by ${Object.entries(done)
      .map(([name, n]) => `${name}: ${String(n)}`)
      .join(', ')}`,
  );
  console.log(
    `memory (RSS): ${median(resident).toFixed(0)} MiB, ${slope.toFixed(1)} MiB/h, grown by ${grown.residentMiB.toFixed(1)} MiB; open files: ${String(median(descriptors))}, grown by ${String(grown.descriptors)}`,
  );

  const faults = [
    ...janitor.faults,
    ...stage.traffic.witness.violations,
    ...stage.traffic.asked.map(({ name }) => `${name} was not right at the end`),
    ...(good > 0 && bad > 0 ? [] : ['nothing was tested']),
    ...(stage.approver.process.pid === pid && stage.approver.process.exitCode === null
      ? []
      : ['the program has ended']),
    ...(grown.residentMiB > bounds.residentMiB
      ? [`memory grew by more than ${String(bounds.residentMiB)} MiB`]
      : []),
    ...(grown.descriptors > bounds.descriptors ? [`${String(bounds.descriptors)} more files are open`] : []),
    ...(minutes >= slopeBound.fromMinutes && slope > slopeBound.mibPerHour
      ? [`memory grows by more than ${String(slopeBound.mibPerHour)} MiB an hour`]
      : []),
  ];
  if (faults.length === 0) return;
  throw new Error(`${String(faults.length)} faults:\n${faults.slice(0, 20).join('\n')}`);
}

function median(samples: readonly Sample[]): number {
  return quantile(
    samples.map(({ value }) => value),
    0.5,
  );
}

function growth(samples: readonly Sample[]): number {
  const tenth = Math.ceil(samples.length / 10);
  return median(samples.slice(-tenth)) - median(samples.slice(0, tenth));
}
