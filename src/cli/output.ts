import type { Decision } from '../decide/decide.ts';
import type { Explanation } from '../decide/explain.ts';
import type { Reason } from '../decide/verdict.ts';
import { escapeText } from '../text/escape.ts';
import { safeJson } from '../text/json.ts';
import { explanationLines } from './explain.ts';
import type { IO } from './io.ts';
import { noCommand } from './no-command.ts';

/** One request and what became of it. */
export interface Reviewed {
  readonly request: { readonly name: string; readonly signerName: string; readonly username: string };
  readonly decision: Decision;
  /** What stands behind each reason, then behind each warning, where that was asked for. */
  readonly explain?: readonly Explanation[] | undefined;
}

/** What the answer rests on that nobody has checked. */
export interface Unchecked {
  /** `--assume` options. */
  readonly assumed: readonly string[];
  /** Whether the requests were decoded, or their documents taken as they were. */
  readonly decoded: boolean;
}

/** Longest message shown; a rule's own text is far shorter. */
const maxMessage = 2048;

/** For people: each request, its verdict, and every reason. */
export function printReview(reviewed: readonly Reviewed[], unchecked: Unchecked, io: IO): void {
  if (!unchecked.decoded) io.err('NOT DECODED AGAIN: the documents are taken as they are\n');
  for (const assumption of unchecked.assumed)
    io.err(`ASSUMED, not asked of any cluster: ${escapeText(assumption)}\n`);
  for (const { request, decision, explain = [] } of reviewed) {
    const { verdict } = decision;
    const name = request.name === '' ? '(no name)' : escapeText(request.name);
    io.out(`${noCommand([name, escapeText(request.signerName), escapeText(request.username)].join('\t'))}\n`);
    io.out(`  verdict: ${verdict.kind}\n`);
    const lines = [
      ...verdict.reasons.map((reason) => line(reason)),
      ...verdict.warnings.map((warning) => `warning: ${line(warning)}`),
    ];
    for (const [index, text] of lines.entries()) {
      const behind = explain[index] === undefined ? [] : explanationLines(explain[index]);
      for (const shown of [`    ${text}`, ...behind.map((more) => `      ${more}`)])
        io.out(`${noCommand(shown)}\n`);
    }
    if (verdict.kind === 'ignore') io.out('    (--as-new judges it as if it had just been created)\n');
  }
}

function line({ code, msg, source }: Reason): string {
  return `${escapeText(code)} (${source}): ${escapeText(msg, maxMessage)}`;
}

/** For programs: one JSON object a line, with the input that was evaluated. */
export function printReviewJson(reviewed: readonly Reviewed[], unchecked: Unchecked, io: IO): void {
  for (const { request, decision, explain } of reviewed) {
    const { verdict, input } = decision;
    const record = {
      name: request.name,
      signer_name: request.signerName,
      username: request.username,
      verdict: verdict.kind,
      reasons: verdict.reasons,
      warnings: verdict.warnings,
      ...(explain && { explain }),
      ...unchecked,
      input,
    };
    io.out(`${safeJson(record)}\n`);
  }
}
