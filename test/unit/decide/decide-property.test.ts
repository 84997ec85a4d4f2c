import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { Gather } from '../../../src/decide/facts.ts';
import { allows, limits, now, passes, policiesThat, request } from './stubs.ts';

const good = request();

const reason = fc.oneof(fc.string(), fc.record({ code: fc.string({ minLength: 1 }), msg: fc.string() }));
/** Mostly empty, as it must be for an approval; else anything. */
const emptySet = fc.oneof(
  { weight: 6, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(reason, { minLength: 1, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.anything() },
);
const yes = fc.oneof(
  { weight: 6, arbitrary: fc.constant(true) },
  { weight: 1, arbitrary: fc.constantFrom(false, 'true', 1, {}, [], null, undefined) },
);
const extra = fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, fc.dictionary(fc.string(), fc.anything()));
const floorValue = fc.oneof(
  { weight: 12, arbitrary: fc.constant(passes) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(extra, fc.record({ pass: yes, deny: emptySet, wait: emptySet }))
      .map(([more, value]) => ({ ...more, ...value })),
  },
  { weight: 1, arbitrary: fc.anything() },
);
const policyValue = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(
        extra,
        fc.record({
          allow: yes,
          deny: emptySet,
          wait: emptySet,
          warn: fc.array(reason, { maxLength: 2 }),
          config_errors: emptySet,
        }),
      )
      .map(([more, value]) => ({ ...more, ...value })),
  },
  { weight: 1, arbitrary: fc.anything() },
);
/** A value, or a throw of it. */
const said = (value: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 15, arbitrary: value.map((v) => ({ value: v, thrown: false })) },
    { weight: 1, arbitrary: value.map((v) => ({ value: v, thrown: true })) },
  );
type Said = { value: unknown; thrown: boolean };

const answer =
  ({ value, thrown }: Said) =>
  () => {
    if (thrown) throw value;
    return value;
  };

function exactly(value: unknown, keys: Readonly<Record<string, unknown>>): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const given = new Map<string, unknown>(Object.entries(value));
  return (
    [...given.keys()].sort().join('\0') === Object.keys(keys).sort().join('\0') &&
    Object.entries(keys).every(([key, wanted]) =>
      Array.isArray(wanted)
        ? JSON.stringify(given.get(key)) === '[]' && Array.isArray(given.get(key))
        : wanted === anything || given.get(key) === wanted,
    )
  );
}
const anything = Symbol('anything');

const floorPasses = ({ value, thrown }: Said) => !thrown && exactly(value, passes);
const policyAllows = ({ value, thrown }: Said) => !thrown && exactly(value, { ...allows, warn: anything });

test('approves if and only if floor and policy say exactly yes and every fact is there', async () => {
  let approvals = 0;
  let others = 0;
  await fc.assert(
    fc.asyncProperty(
      said(floorValue),
      said(floorValue),
      said(policyValue),
      fc.integer({ min: 0, max: 9 }),
      async (form, facts, policy, luck) => {
        const failures = luck === 0 ? [{ fact: 'node', message: 'x' }] : [];
        const gather: Gather = () => Promise.resolve({ facts: {}, failures });
        const policies = policiesThat({
          form: answer(form),
          facts: answer(facts),
          policy: answer(policy),
        });
        const { verdict } = await decide(good, gather, policies, { now, limits });
        const yesToAll =
          floorPasses(form) && floorPasses(facts) && policyAllows(policy) && failures.length === 0;
        expect(verdict.kind === 'approve').toBe(yesToAll);
        if (yesToAll) approvals += 1;
        else others += 1;
      },
    ),
    { numRuns: 1000 },
  );
  // Both sides of the equivalence were really seen.
  expect(Math.min(approvals, others)).toBeGreaterThan(50);
});
