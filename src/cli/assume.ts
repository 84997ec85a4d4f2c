import type { AccessReviewFact } from '../decide/input.ts';
import { CommandError } from './error.ts';

const answers = {
  allowed: { allowed: true, denied: false, reason: 'assumed' },
  denied: { allowed: false, denied: false, reason: 'assumed' },
} as const satisfies Record<string, AccessReviewFact>;

/**
 * Reads `--assume` options, such as `sar.selfnodeserver=allowed`.
 * @returns access reviews by name
 */
export function readAssumptions(options: readonly string[]): Readonly<Record<string, AccessReviewFact>> {
  const reviews = new Map<string, AccessReviewFact>();
  for (const option of options) {
    const match = /^sar\.([a-z][a-z0-9_]*)=(allowed|denied)$/.exec(option);
    const [, name, answer] = match ?? [];
    if (name === undefined || (answer !== 'allowed' && answer !== 'denied')) {
      throw new CommandError(
        'AssumptionInvalid',
        `--assume ${JSON.stringify(option)}: expected sar.NAME=allowed or sar.NAME=denied, for example sar.selfnodeserver=allowed`,
      );
    }
    if (reviews.has(name))
      throw new CommandError('AssumptionInvalid', `--assume: sar.${name} is given twice`);
    reviews.set(name, answers[answer]);
  }
  return Object.fromEntries(reviews);
}
