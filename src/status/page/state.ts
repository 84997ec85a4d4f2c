import type { BundleStatus } from '../../activation/status.ts';
import type { Html } from '../../text/html.ts';
import { html } from '../../text/html.ts';
import type { ProgramStatus } from '../status.ts';
import { table } from './table.ts';
import { count, span, time } from './words.ts';

/** In a sentence: whether requests are decided, by what, and if not, why. */
export function stateSection(status: ProgramStatus): Html {
  const { policy } = status.bundles;
  const problems = status.health.ready.filter(({ problem }) => problem !== undefined);
  const failing = [...status.health.live.filter(({ problem }) => problem !== undefined), ...problems];
  if (policy?.active_revision === undefined) {
    return box('bad', 'No policy is in force: nothing is decided.', html`<p>${whyNone(policy)}</p>`);
  }
  const rest = failing.map(({ name, problem }) => html`<p>${name}: ${problem}</p>`);
  if (!status.leader.leading) {
    const { holder = '' } = status.leader;
    const leads = holder === '' ? 'nobody leads' : `${holder} leads`;
    const sentence = `Standing by: ${leads}. This one decides nothing; ask the leader why a request is pending.`;
    return box(holder === '' || failing.length > 0 ? 'warn' : 'good', sentence, rest);
  }
  const dryrun = status.enforcement === 'dryrun';
  const sentence = `Deciding by policy revision ${policy.active_revision}${dryrun ? ', in a dry run: nothing is written' : ''}.`;
  if (failing.length > 0) return box('bad', `${sentence} Something is wrong:`, rest);
  const stale = policy.message !== undefined && html`<p>A newer one is not in force: ${policy.message}</p>`;
  return box(stale !== false || dryrun ? 'warn' : 'good', sentence, stale);
}

function box(colour: string, sentence: string, more: Html | readonly Html[] | false): Html {
  return html`<div class="state ${colour}">${sentence}${more}</div>`;
}

function whyNone(policy: BundleStatus | undefined): string {
  return policy?.message ?? 'none has been fetched yet; /readyz names what it waits for.';
}

const notYet = '0001-01-01';

const timeOf = (timestamp: string) => (timestamp.startsWith(notYet) ? 'not yet' : time(timestamp));

/** Which bundles are in force. */
export function bundlesSection({ bundles }: ProgramStatus): Html {
  return html`<section>
    <h2>In force</h2>
    ${table({
      caption: 'Bundles. Times are UTC.',
      columns: ['Bundle', 'Revision', 'In force since', 'Last answer of its source', 'What is wrong'],
      rows: Object.values(bundles).map((bundle) => [
        bundle.name,
        html`<code>${bundle.active_revision ?? 'none'}</code>`,
        timeOf(bundle.last_successful_activation),
        bundle.name === 'floor' ? 'part of the program' : timeOf(bundle.last_successful_request),
        bundle.errors === undefined
          ? html`<span class="good">nothing</span>`
          : bundle.errors.map(({ code, message }) => html`<p><code>${code}</code> ${message}</p>`),
      ]),
    })}
  </section>`;
}

/** Who leads, and every check of /livez and /readyz. */
export function healthSection({ leader, health }: ProgramStatus): Html {
  const checks = (endpoint: string, shown: typeof health.live) =>
    shown.map(({ name, problem, detail }) => [
      name,
      endpoint,
      problem === undefined ? html`<span class="good">ok</span>` : html`<span class="bad">failing</span>`,
      problem ?? detail ?? '',
    ]);
  return html`<section>
    <h2>Leader and health</h2>
    <p>${leaderLine(leader)}</p>
    ${[leader.error, leader.problem].map((text) => text !== undefined && html`<p class="bad">${text}</p>`)}
    ${table({
      caption: 'Checks of /readyz and /livez',
      columns: ['Check', 'Of', 'State', 'Detail'],
      rows: [...checks('/readyz', health.ready), ...checks('/livez', health.live)],
    })}
  </section>`;
}

function leaderLine({ leading, identity, lease, holder }: ProgramStatus['leader']): string {
  if (lease === undefined) return leading ? 'No leader election: this program decides.' : 'Not begun.';
  if (leading) return `This one leads: ${identity ?? ''} (Lease ${lease}).`;
  const who = holder === undefined || holder === '' ? 'Nobody leads' : `${holder} leads`;
  return `${who} (Lease ${lease}); this one is ${identity ?? ''}.`;
}

/** How much there is to do, and whether the API server tells of it. */
export function workSection({ queue, watches }: ProgramStatus): Html {
  return html`<section>
    <h2>Queue and watches</h2>
    <p>
      ${count(queue.ready, 'request is', 'requests are')} ready to be decided, ${String(queue.working)} being
      decided, ${String(queue.delayed)} to be looked at again
      later.${queue.ready > 0 && html` The first has waited for a worker for ${span(queue.oldest_age_seconds)}.`}
    </p>
    ${table({
      caption: 'Watches of the API server',
      columns: ['Watch', 'Listed', 'Last sign of life', 'Objects kept'],
      rows: watches.map(({ name, synced, age_seconds, objects }) => [
        name,
        synced ? 'yes' : html`<span class="bad">not yet</span>`,
        age_seconds === undefined ? 'none yet' : `${span(age_seconds)} ago`,
        objects,
      ]),
    })}
  </section>`;
}
