import { eventually, NotYet } from '../support/eventually.ts';
import type { Passing } from '../support/fault.ts';
import {
  anyFault,
  FaultPlan,
  isApproval,
  isEvent,
  isLease,
  isList,
  isNodeGet,
  isReview,
  unauthorized,
  writeFault,
  type NamedFaults,
} from './faults.ts';
import { chaos } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Each kind of request in turn meets everything that a network, a proxy or a loaded server can make of an answer. */

const scenario = chaos();

/** Until every fault has been met, and as many approvals have come since. */
async function suffer(
  stage: Stage,
  isPart: (request: Passing) => boolean,
  faults: NamedFaults,
  options?: { times?: number; between?: number; provoke?: (stage: Stage) => void },
): Promise<void> {
  const plan = new FaultPlan(isPart, faults, options);
  stage.proxy.fault = plan.next;
  try {
    await eventually(
      () => {
        options?.provoke?.(stage);
        if (plan.left > 0) throw new NotYet(`met only ${plan.met.join(', ')}`);
        return true;
      },
      { withinMs: 60_000 },
    );
    await stage.progress(stage.traffic.size);
  } finally {
    stage.proxy.fault = () => undefined;
  }
}

scenario('access reviews fail in every way', (stage) => suffer(stage, isReview, anyFault));

scenario('reads of Nodes fail in every way', (stage) => suffer(stage, isNodeGet, anyFault));

scenario('approvals fail in every way, before and after they took effect', (stage) =>
  suffer(stage, isApproval, writeFault),
);

scenario('Events fail in every way', (stage) => suffer(stage, isEvent, anyFault, { times: 1 }));

scenario('credentials are refused now and then', (stage) =>
  suffer(stage, (request) => !request.watch, unauthorized, { times: 20, between: 4 }),
);

scenario('renewals of the lease fail in every way', (stage) =>
  suffer(stage, isLease, writeFault, { times: 1, between: 1 }),
);

scenario('lists fail in every way', (stage) =>
  suffer(stage, isList, anyFault, { times: 1, between: 0, provoke: cutWatches }),
);

/** Whoever has a watch must list again; whoever is listing goes on. */
function cutWatches({ proxy }: Stage): void {
  proxy.cutWatches();
}

scenario('everything fails, one request of three', (stage) =>
  suffer(stage, () => true, anyFault, { times: 6, between: 2 }),
);
