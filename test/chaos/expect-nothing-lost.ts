import { expect } from 'vitest';
import { CSR_PATH } from '../../src/kube/calls.ts';
import { listAll } from '../../src/kube/list.ts';
import { asObject } from '../../src/kube/objects.ts';
import type { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { faultOf } from './judge.ts';
import type { Stage, Usage } from './stage.ts';

/** More memory than before, once everything is over: what V8 keeps of a busy time, with nothing forced. */
const allowedMiB = 64;
/** More open files than before: its pools of connections, 48 and 8 for Events, may be fuller, or emptier, than they were. */
const allowedDescriptors = 56;

/** A write that was forbidden is tried again after a minute. */
const patienceMs = 90_000;

/**
 * What must hold when the trouble is over, whatever it was: every good request is approved and issued, once; no bad one
 * has anything, though each was decided; conditions of others are as they were written; the program is ready, and as
 * large as before.
 */
export async function expectNothingLost(stage: Stage): Promise<void> {
  const { traffic } = stage;
  await traffic.stop(patienceMs);
  // Of nothing all is true.
  const good = traffic.asked.filter(({ kind }) => kind === 'good').length;
  expect(good).toBeGreaterThan(traffic.size);
  expect(traffic.asked.length - good).toBeGreaterThan(0);

  await eventually(() => requestsAreRight(stage), { withinMs: patienceMs });
  expect(traffic.witness.violations).toEqual([]);
  await Promise.all(stage.running.map((one) => isWell(one)));
  // Nothing of requests that are gone may stay in memory.
  await traffic.forget();
  await Promise.all(
    stage.running.map((one) => eventually(() => isAsBefore(one, stage.before), { withinMs: 30_000 })),
  );
}

async function isWell(approver: Approver): Promise<void> {
  await eventually(
    async () => {
      const { status, body } = await approver.get('/readyz');
      if (status !== 200) throw new NotYet(`not ready: ${body}`);
      return true;
    },
    { withinMs: 30_000 },
  );
  expect((await approver.get('/livez')).status).toBe(200);
}

async function requestsAreRight({ traffic, scene, lines }: Stage): Promise<true> {
  const items = await listAll(scene.admin, CSR_PATH);
  const found = new Map(items.map((item) => asObject(item)).map((csr) => [csr.metadata.name, csr]));
  const decided = new Set(lines.flatMap(({ csr, msg }) => (msg === 'decided' ? [csr] : [])));
  const faults = traffic.asked.flatMap(
    (asked) => faultOf(asked, found.get(asked.name), decided.has(asked.name)) ?? [],
  );
  const some = faults.slice(0, 10).map(({ text }) => text);
  if (faults.length > 0) {
    throw new NotYet(
      `${String(faults.length)} of ${String(traffic.asked.length)} requests: ${some.join('; ')}`,
    );
  }
  return true;
}

async function isAsBefore(approver: Approver, before: Usage): Promise<true> {
  const now = await approver.usage();
  const more = {
    MiB: Math.round(now.residentMiB - before.residentMiB),
    descriptors: now.descriptors - before.descriptors,
  };
  if (more.MiB > allowedMiB || more.descriptors > allowedDescriptors)
    throw new NotYet(`more than before: ${JSON.stringify(more)}`);
  return true;
}
