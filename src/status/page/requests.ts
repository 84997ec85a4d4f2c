import type { Shown } from '../../decide/shown.ts';
import type { Html } from '../../text/html.ts';
import { html } from '../../text/html.ts';
import type { ShownDecision } from '../decisions.ts';
import type { Filter } from '../pending.ts';
import { undecided } from '../pending.ts';
import type { ProgramStatus } from '../status.ts';
import { table } from './table.ts';
import { count, duration, span, time, verdict, why } from './words.ts';

const verdicts = ['approve', 'deny', 'wait', 'error', 'abstain', undecided];

/** A plain form, so that it works without a script. */
export function filterForm(filter: Filter): Html {
  return html`<form method="get" action="/">
    <div>
      <label for="node">Node, requestor or request</label
      ><input id="node" name="node" type="search" maxlength="253" value="${filter.node}" />
    </div>
    <div>
      <label for="verdict">Verdict</label
      ><select id="verdict" name="verdict">
        <option value="">any</option>
        ${verdicts.map((one) => html`<option${one === filter.verdict && html` selected`}>${one}</option>`)}
      </select>
    </div>
    <div><button type="submit">Show</button></div>
  </form>`;
}

/** What is pending, the oldest first, and why. */
export function pendingSection({ pending, remedies, leader }: ProgramStatus, filter: Filter): Html {
  const { total, by_verdict, matching, oldest } = pending;
  const counts = Object.entries(by_verdict).map(([kind, number]) => `${String(number)} ${kind}`);
  const isFiltered = filter.node !== '' || filter.verdict !== '';
  return html`<section>
    <h2>Pending requests</h2>
    <p>
      ${count(total, 'request is', 'requests are')}
      pending${counts.length > 0 && `: ${counts.join(', ')}`}.${isFiltered && ` The filter shows ${String(matching)} of them.`}${matching > oldest.length && ` Listed are the oldest ${String(oldest.length)}.`}
    </p>
    ${!leader.leading && total > 0 && html`<p class="quiet">This one stands by: why they are pending, the leader says.</p>`}
    ${
      oldest.length > 0 &&
      table({
        caption:
          'Oldest first. To approve one by hand, past the policy and for good, look at it first: kubectl describe csr NAME, kubectl certificate approve NAME',
        columns: ['Request', 'Requestor', 'Age', 'Verdict', 'Why, and what to do'],
        rows: oldest.map((request) => [
          html`<code>${request.csr}</code>`,
          request.requested_by,
          html`<span class="whole"
            >${request.age_seconds === undefined ? 'unknown' : span(request.age_seconds)}</span
          >`,
          request.verdict === undefined
            ? html`<span class="quiet">${undecided}</span>`
            : verdict(request.verdict),
          why(request, remedies),
        ]),
      })
    }
  </section>`;
}

/** The last decisions that the filter lets through. */
export function decisionsSection({ decisions, remedies }: ProgramStatus, filter: Filter): Html {
  const shown = decisions.last.filter((decision) => lets(filter, decision));
  return html`<section>
    <h2>Last decisions</h2>
    <p>${count(decisions.count, 'decision')} since the start of this process.</p>
    ${
      shown.length > 0 &&
      table({
        caption: `The last ${String(shown.length)}, newest first. Times are UTC.`,
        columns: ['Request', 'Requestor', 'When', 'Verdict', 'Why, and what to do', 'Revision, decision'],
        rows: shown.map((decision) => [
          html`<code>${decision.csr}</code>`,
          decision.requested_by,
          html`${time(decision.timestamp)}<br /><span class="quiet"
              >in
              ${duration(decision.metrics.timer_total_ns)}${decision.age_seconds !== undefined && `, at the age of ${span(decision.age_seconds)}`}</span
            >`,
          html`${verdict(decision.verdict)}${outcome(decision)}`,
          why(decision, remedies),
          html`<code>${decision.revision}</code><br /><code class="quiet">${decision.decision_id}</code>`,
        ]),
      })
    }
  </section>`;
}

function outcome({ written, write_failed }: ShownDecision): Html | undefined {
  if (written !== undefined) return html`<br /><span class="whole">${written}</span>`;
  return html`${write_failed !== undefined && html`<br /><span class="bad">not written, ${write_failed}</span>`}`;
}

function lets({ node, verdict: kind }: Filter, decision: ShownDecision): boolean {
  if (kind !== '' && kind !== decision.verdict) return false;
  return `${decision.requested_by}\n${decision.csr}`.toLowerCase().includes(node.toLowerCase());
}

/** Where a candidate policy would decide otherwise. */
export function shadowSection({ shadow, remedies }: ProgramStatus): Html | undefined {
  if (shadow === undefined) return undefined;
  const drift = Object.entries(shadow.drift).map(([change, number]) => `${String(number)} ${change}`);
  const side = (shown: Shown) => html`${verdict(shown.verdict)}${why(shown, remedies)}`;
  return html`<section>
    <h2>Candidate policy</h2>
    <p>
      ${count(shadow.compared, 'decision was', 'decisions were')} compared since ${time(shadow.since)} UTC:
      ${drift.length > 0 ? drift.join(', ') : 'no verdict differs'}; ${String(shadow.other_reasons)} with
      other reasons alone, ${String(shadow.skipped)} without facts, ${String(shadow.dropped)} dropped.
    </p>
    ${
      shadow.differing.length > 0 &&
      table({
        caption: 'Requests that it would decide otherwise, newest first',
        columns: ['Request', 'Requestor', 'When', 'In force', 'Candidate'],
        rows: shadow.differing.map(({ csr, requestor, at, active, candidate }) => [
          html`<code>${csr}</code>`,
          requestor,
          time(at),
          side(active),
          side(candidate),
        ]),
      })
    }
  </section>`;
}
