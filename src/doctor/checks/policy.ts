import { escapeText } from '../../text/escape.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { hint } from '../seen.ts';
import { command } from '../shell.ts';
import type { EventSeen } from '../snapshot.ts';
import { count, listed } from '../words.ts';

export const configuration: Check = {
  name: 'Configuration',
  group: 'Installation',
  asks: 'Is the configuration one that the program takes, and one that approves?',
  faults: {
    ConfigurationRefused: {
      severity: 'error',
      why: 'The program ends at its start with such a configuration.',
      mend: 'Mend the line that is named in your overlay, and apply it.',
    },
    DryRun: {
      severity: 'info',
      why: 'A dry run decides and reports, and approves nothing.',
      mend: 'Set `enforcement: enforce` in your overlay when you have seen enough.',
    },
  },
  run: ({ config, configProblem }) => {
    if (configProblem !== '') return [fault('ConfigurationRefused', escapeText(configProblem, 1024))];
    if ('unseen' in config) return [unknown(config.unseen)];
    const { config: value, where } = config.value;
    const shown = escapeText(where);
    if (value.enforcement === 'dryrun') return [fault('DryRun', `${shown}: enforcement: dryrun`)];
    return [ok(`${shown}: for ${listed(value.signers)}`)];
  },
};

/** A refusal is told again every minute or so at most; an old Event says nothing of now. */
const failingMs = 15 * 60_000;

export const policy: Check = {
  name: 'Policy',
  group: 'Installation',
  asks: 'Is the newest policy in force, and do its decisions come about?',
  faults: {
    PolicyRejected: {
      severity: 'warning',
      why: 'The bundle that was offered last is refused: the policy before it goes on, without what you changed.',
      mend: 'Mend the bundle as the message says, and try it with `rego-csr-approver verify CASES --bundle FILE` before it is shipped. The Event lasts for an hour: going back to the bundle that is in force makes no new one.',
    },
    DecisionsFail: {
      severity: 'warning',
      why: 'A request whose facts cannot be had, or whose policy fails, waits.',
      mend: '"Every decision fails" in deploy/README.md.',
    },
  },
  run: ({ events, pods, target, now }) => {
    if ('unseen' in events) return [unknown(events.unseen)];
    const results: Result[] = [];
    const known = hint(pods)?.map(({ name }) => name);
    const rejected = rejectedLast(events.value).filter(
      ({ about }) => known === undefined || known.includes(about),
    );
    if (rejected.length > 0) {
      const text = `${count(rejected.length, 'pod')}: ${escapeText(rejected[0]?.note ?? '', 512)}`;
      const look = rejected
        .slice(0, 1)
        .map(({ about }) => command('kubectl', 'describe', 'pod', '-n', target.namespace, '--', about));
      results.push(fault('PolicyRejected', text, look));
    }
    const failing = events.value.filter(
      ({ reason, at }) => reason === 'DecisionFailed' && now - at < failingMs,
    );
    if (failing.length > 0) {
      const [last] = failing.toSorted((a, b) => b.at - a.at);
      const names = listed([...new Set(failing.map(({ about }) => about))]);
      results.push(fault('DecisionsFail', `${names}: ${escapeText(last?.note ?? '', 512)}`));
    }
    return results.length > 0 ? results : [ok('no refused bundle and no failed decision is told of')];
  },
};

/** Of each pod the last word about policies, where that is a refusal. */
function rejectedLast(events: readonly EventSeen[]): EventSeen[] {
  const last = new Map<string, EventSeen>();
  for (const event of events) {
    if (event.reason !== 'PolicyRejected' && event.reason !== 'PolicyActivated') continue;
    const known = last.get(event.about);
    if (known === undefined || known.at <= event.at) last.set(event.about, event);
  }
  return [...last.values()].filter(({ reason }) => reason === 'PolicyRejected');
}
