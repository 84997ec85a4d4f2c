import { expect } from 'vitest';
import type { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { chaos } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Two of the program, of which one leads. Lease and renewal are deploy/'s own: 15, 10 and 2 seconds. */

const scenario = chaos({ direct: true, replicas: 2 });

/** Another may take it, once it has watched it for so long without a renewal. */
const takeoverMs = 40_000;

async function leader({ running }: Stage): Promise<Approver> {
  return eventually(
    async () => {
      const all = await Promise.all(running.map((one) => one.get('/readyz')));
      const leading = running.filter((_, index) => all[index]?.body.includes('this one'));
      if (leading.length !== 1) throw new NotYet(all.map(({ body }) => body).join());
      return leading[0];
    },
    { withinMs: takeoverMs },
  );
}

async function takenOver(stage: Stage, from: Approver): Promise<void> {
  const rest = stage.running.filter((one) => one !== from);
  expect(rest).toHaveLength(1);
  const [other] = rest;
  await eventually(
    async () => {
      const { body } = (await other?.get('/readyz')) ?? { body: '' };
      if (!body.includes('this one')) throw new NotYet(body);
      return true;
    },
    { withinMs: takeoverMs },
  );
}

scenario('the leader is paused beyond its lease, and wakes up', async (stage) => {
  const first = await leader(stage);
  first.process.kill('SIGSTOP');
  const burst = await stage.traffic.burst(60);
  await takenOver(stage, first);
  const approved = () => burst.filter(({ name }) => stage.traffic.witness.isApproved(name)).length;
  await eventually(() => (approved() > 0 ? true : undefined));
  // In the middle of what the other one does by now.
  first.process.kill('SIGCONT');
  await eventually(() => (approved() === burst.length ? true : undefined), { withinMs: 30_000 });
  expect(await leader(stage)).not.toBe(first);
});

scenario('the leader is killed, and another stands by', async (stage) => {
  const first = await leader(stage);
  first.process.kill('SIGKILL');
  const burst = await stage.traffic.burst(60);
  await eventually(() => (stage.running.length === 1 ? true : undefined));
  await takenOver(stage, first);
  await eventually(
    () => (burst.every(({ name }) => stage.traffic.witness.isApproved(name)) ? true : undefined),
    { withinMs: 30_000 },
  );
  await stage.startApprover();
});
