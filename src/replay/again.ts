import type { DecodeLimits } from '../csr/decoded.ts';
import type { Decision, Policies } from '../decide/decide.ts';
import { decide, decideDocument } from '../decide/decide.ts';
import type { FactNeeds, Gather } from '../decide/facts.ts';
import { missingFacts, selectFacts } from '../decide/facts.ts';
import type { Facts } from '../decide/input.ts';
import type { Subject } from './read-line.ts';
import type { Skipped } from './skipped.ts';
import { skip } from './skipped.ts';

/**
 * Decides once more what a log says was decided, at the time at which it was, with the facts that were gathered then. What
 * was not gathered is not known: there is no decision without it.
 */
export async function decideAgain(
  subject: Subject,
  policies: Policies,
  limits: DecodeLimits,
): Promise<Decision | Skipped> {
  const lost: string[] = [];
  const gather = fromLog(subject.kind === 'document' ? subject.facts : {}, lost);
  const decision =
    subject.kind === 'document'
      ? await decideDocument(subject.document, gather, policies)
      : await decide(subject.request, gather, policies, { now: subject.now, limits });
  return lost.length > 0 ? skip('FactMissing', ...lost) : decision;
}

/** @param lost gets the names of facts that are asked for and not there */
function fromLog(facts: Facts, lost: string[]): Gather {
  return (needs: FactNeeds) => {
    const missing = missingFacts(needs, facts);
    lost.push(...missing);
    const failures = missing.map((fact) => ({ fact, message: 'not in the log' }));
    return Promise.resolve({ facts: selectFacts(needs, facts), failures });
  };
}
