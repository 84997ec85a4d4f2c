import { escapeText } from '../../text/escape.ts';
import { findingCodes } from '../codes.ts';
import { type AuditReport, type Kept, shownOfEach } from '../report.ts';
import type { Context } from './context.ts';

/** Longest message shown; a rule's own text is far shorter. */
const maxMessage = 2048;

/** For people: what was looked at, then every kind of finding with the first of its kind and what to do. */
export function formatText(report: AuditReport, context: Context): string {
  const groups = report.found.flatMap((code) => {
    const { severity, meaning, remedy } = findingCodes[code];
    const all = report.of(code);
    const more = report.count(code) - Math.min(all.length, shownOfEach);
    return [
      '',
      `${severity} ${code} (${String(report.count(code))}): ${meaning}`,
      `  to do: ${remedy}`,
      ...all
        .slice(0, shownOfEach)
        .flatMap((kept) => [
          `  ${lineOf(kept)}`,
          ...(kept.explain ?? []).flatMap((one) => [
            `    ${escapeText(one.code)} (${one.source})`,
            ...context.explanation(one).map((line) => `      ${line}`),
          ]),
        ]),
      ...(more > 0 ? [`  and ${String(more)} more: -o json has them all`] : []),
    ];
  });
  const lines = [...head(report, context), ...groups];
  return `${lines.join('\n')}\n`;
}

export function lineOf({ subject, username, message }: Kept): string {
  const who = username === '' ? '' : ` of ${escapeText(username)}`;
  return `${escapeText(subject)}${who}: ${escapeText(message, maxMessage)}`;
}

function head({ requests, ours, kubelets, found }: AuditReport, context: Context): string[] {
  const { pending, denied, failed, approved, issued } = requests;
  const revisions = [...context.revisions].map(
    ([signer, revision]) => `  ${signer}: revision ${revision === '' ? 'none' : escapeText(revision)}`,
  );
  const all = pending + denied + failed + approved + issued;
  const asked =
    kubelets.total === 0
      ? 'kubelets: none were asked'
      : `kubelets: ${String(kubelets.total)}, ${String(kubelets.asked)} asked, ${String(kubelets.inOrder)} in order; verified by ${context.kubeletCA}`;
  return [
    `policy: ${context.policy}`,
    ...revisions,
    `requests: ${String(all)}, ${String(issued)} issued, ${String(approved)} approved and not issued, ${String(denied)} denied, ${String(failed)} failed, ${String(pending)} pending; ${String(ours)} approved by this program`,
    asked,
    ...(found.length === 0 ? ['nothing was found'] : []),
  ];
}
