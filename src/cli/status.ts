import type { Controller } from '../controller/controller.ts';
import type { Reflector } from '../controller/reflector.ts';
import type { Policies } from '../decide/decide.ts';
import { remedyOf } from '../decide/remedies.ts';
import type { AdminOptions } from '../observe/admin.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { RecentDecisions } from '../status/decisions.ts';
import { statusPage } from '../status/page/page.ts';
import { contentSecurityPolicy } from '../status/page/style.ts';
import type { Filter, PendingReasons } from '../status/pending.ts';
import { everything } from '../status/pending.ts';
import type { ProgramStatus } from '../status/status.ts';
import { remediesOf, showChecks, showWatch } from '../status/status.ts';
import { escapeText } from '../text/escape.ts';
import type { RunningDecisionLog } from './decision-log.ts';
import type { Leadership } from './election.ts';
import type { Running } from './running.ts';

export interface StatusParts {
  readonly checks: { readonly live: readonly HealthCheck[]; readonly ready: readonly HealthCheck[] };
  readonly controller: Controller;
  readonly nodes: Reflector<unknown>;
  readonly leadership: Leadership;
  readonly decisionLog: Pick<RunningDecisionLog, 'status'>;
  readonly decisions: RecentDecisions;
  readonly reasons: PendingReasons;
}

/** Longest remedy of a policy's author that is shown, and longest text to filter by: the name of a node has at most 253. */
const maxRemedy = 1024;
const maxFilter = 253;

/** What /v1/status and the page say, asked anew each time. */
export function statusOf(running: Running, parts: StatusParts): Pick<AdminOptions, 'status' | 'page'> {
  const status = (filter: Filter): ProgramStatus => {
    const { policy, config } = running;
    const { checks, controller, nodes, leadership, decisionLog, decisions, reasons } = parts;
    const { oldestAgeMs, ...queue } = controller.queueState;
    const shown = {
      ...policy.status(),
      pending: reasons.status(controller.pendingRequests(), filter),
      decisions: decisions.status,
    };
    return {
      ...shown,
      ...decisionLog.status(),
      leader: leadership.status(),
      enforcement: config.enforcement,
      on_deny: config.onDeny,
      health: { live: showChecks(checks.live), ready: showChecks(checks.ready) },
      remedies: remediesOf(shown, (code) => remedyOfCode(code, policy.activation.policies)),
      queue: { ...queue, oldest_age_seconds: oldestAgeMs() / 1000 },
      watches: [...controller.watches(), ['the watch of Nodes', nodes] as const].map(([name, watch]) =>
        showWatch(name, watch),
      ),
    };
  };
  return {
    status: () => status(everything),
    page: (query) => {
      const filter = { node: textOf(query, 'node'), verdict: textOf(query, 'verdict') };
      return { html: statusPage(status(filter), filter, running.io.now()), policy: contentSecurityPolicy };
    },
  };
}

function textOf(query: URLSearchParams, name: string): string {
  return (query.get(name) ?? '').slice(0, maxFilter).toWellFormed();
}

/** What to do about a reason: as the METADATA of the rule in force says that gave it, or the program itself. */
function remedyOfCode(code: string, policies: Policies | undefined): string | undefined {
  const ours = remedyOf({ code, msg: '', source: 'host' }, '', policies);
  if (ours !== undefined) return ours;
  const sides = policies === undefined ? [] : [policies.floor, ...policies.signers.values()];
  const declared = sides.map(({ codes }) => codes.get(code)).find((reason) => reason !== undefined);
  return declared === undefined ? undefined : escapeText(declared.remedy.replaceAll(/\s+/g, ' '), maxRemedy);
}
