import type { Judged } from '../../../src/controller/reconcile.ts';
import type { Verdict } from '../../../src/decide/verdict.ts';

/** A decision of policies that stay in force, with that verdict. */
export function judged(verdict: Verdict, more: Partial<Judged> = {}): Judged {
  return {
    verdict,
    input: undefined,
    said: {},
    timings: {},
    id: {
      decision: '00000000-0000-4000-8000-000000000001',
      trace: '0000000000000000000000000000000a',
      span: '000000000000000b',
    },
    stands: () => true,
    revision: '',
    entrypoint: '',
    floorRevision: '',
    approvedBy: '',
    ...more,
  };
}
