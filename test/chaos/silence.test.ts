import { eventually, NotYet } from '../support/eventually.ts';
import { FaultPlan, isList } from './faults.ts';
import { chaos } from './scenario.ts';

/** Nobody refuses anything, nothing breaks: it is just that no answer comes. Only deadlines help. */

const scenario = chaos();
const hang = { 'no answer': { kind: 'hang' } } as const;

/** A watch may be silent for 90 s. */
const afterSilenceMs = 150_000;

scenario('requests and watches are never answered, one of six', async (stage) => {
  const plan = new FaultPlan((request) => !isList(request), hang, { times: 24, between: 5 });
  stage.proxy.fault = plan.next;
  stage.proxy.cutWatches();
  await eventually(
    () => {
      if (plan.left > 0) throw new NotYet(`${String(plan.left)} are left`);
      return true;
    },
    { withinMs: 90_000 },
  );
  stage.proxy.fault = () => undefined;
  await stage.progress(stage.traffic.size);
});

scenario('every connection falls silent, and stays open', async (stage) => {
  stage.wire.freeze();
  // What is under way has run into its deadline, and what was tried instead as well.
  const until = performance.now() + 12_000;
  await eventually(() => (performance.now() > until ? true : undefined), { withinMs: 20_000 });
  stage.wire.thaw();
  await stage.progress(stage.traffic.size, afterSilenceMs);
});

scenario('lists are never answered', async (stage) => {
  const plan = new FaultPlan(isList, hang, { times: 2, between: 0 });
  stage.proxy.fault = plan.next;
  stage.proxy.cutWatches();
  await eventually(() => (plan.left === 0 ? true : undefined), { withinMs: 30_000 });
  await stage.progress(stage.traffic.size, afterSilenceMs);
  stage.proxy.fault = () => undefined;
});
