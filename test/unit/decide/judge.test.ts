import { describe, expect, test } from 'vitest';
import type { Evaluated, VerdictKind } from '../../../src/decide/verdict.ts';
import { judge, judgeWithoutFacts } from '../../../src/decide/verdict.ts';
import type { FloorDecision, PolicyDecision, WrittenReason } from '../../../src/policy/decision.ts';
import { allows, passes } from './stubs.ts';

const why: WrittenReason[] = [{ code: 'Why', msg: 'because' }];
const ok = <T>(value: T): Evaluated<T> => ({ ok: true, value });
const broken = { ok: false, problem: 'threw' } as const;

const floors: Record<string, Evaluated<FloorDecision>> = {
  broken,
  passes: ok(passes),
  'passes but denies': ok({ ...passes, deny: why }),
  'passes but waits': ok({ ...passes, wait: why }),
  'passes, denies and waits': ok({ ...passes, deny: why, wait: why }),
  'does not pass': ok({ ...passes, pass: false }),
  denies: ok({ pass: false, deny: why, wait: [] }),
  waits: ok({ pass: false, deny: [], wait: why }),
  'denies and waits': ok({ pass: false, deny: why, wait: why }),
};

const policies: Record<string, Evaluated<PolicyDecision>> = { broken };
for (const allow of [true, false]) {
  for (const deny of [[], why]) {
    for (const wait of [[], why]) {
      for (const warn of [[], why]) {
        for (const errors of [[], ['wrong knob']]) {
          const name = [
            allow ? 'allows' : 'does not allow',
            deny.length > 0 ? 'denies' : '',
            wait.length > 0 ? 'waits' : '',
            warn.length > 0 ? 'warns' : '',
            errors.length > 0 ? 'is misconfigured' : '',
          ];
          policies[name.filter(Boolean).join(', ')] = ok({ allow, deny, wait, warn, config_errors: errors });
        }
      }
    }
  }
}

/** DESIGN.md section 6, "Verdict", written a second time and in another way. */
function expected(floor: Evaluated<FloorDecision>, policy: Evaluated<PolicyDecision>): VerdictKind {
  const f = floor.ok ? floor.value : undefined;
  const p = policy.ok ? policy.value : undefined;
  if (f !== undefined && f.deny.length > 0) return 'deny';
  if (f === undefined || p === undefined || p.config_errors.length > 0) return 'error';
  if (!f.pass && f.wait.length === 0) return 'error';
  if (p.deny.length > 0) return 'deny';
  if (f.wait.length > 0 || p.wait.length > 0) return 'wait';
  return p.allow ? 'approve' : 'abstain';
}

const table = Object.entries(floors).flatMap(([floorName, floor]) =>
  Object.entries(policies).map(([policyName, policy]) => ({
    name: `floor ${floorName}; policy ${policyName}`,
    floor,
    policy,
  })),
);

test.each(table)('$name', ({ floor, policy }) => {
  expect(judge(floor, policy).kind).toBe(expected(floor, policy));
});

test('of all combinations only two approve: with and without a warning', () => {
  const approved = table.filter(({ floor, policy }) => judge(floor, policy).kind === 'approve');
  expect(approved.map(({ name }) => name)).toEqual([
    'floor passes; policy allows',
    'floor passes; policy allows, warns',
  ]);
});

describe('reasons', () => {
  test('are told once where floor and policy say the same, sorted, and with whose they are', () => {
    const verdict = judge(
      ok({
        pass: false,
        deny: [
          { code: 'B', msg: '2' },
          { code: 'A', msg: '2' },
        ],
        wait: [],
      }),
      ok({
        ...allows,
        deny: [
          { code: 'B', msg: '2' },
          { code: 'A', msg: '1', more: 3 },
        ],
      }),
    );
    expect(verdict.reasons).toEqual([
      { code: 'A', msg: '1', source: 'policy', details: { more: 3 } },
      { code: 'A', msg: '2', source: 'floor' },
      { code: 'B', msg: '2', source: 'floor' },
    ]);
  });

  test('may be bare sentences', () => {
    const verdict = judge(ok(passes), ok({ ...allows, deny: ['not today'] }));
    expect(verdict.reasons).toEqual([{ code: 'Unspecified', msg: 'not today', source: 'policy' }]);
  });

  test.each([
    ['no rule asks', [why], undefined],
    ['one asks', [[{ code: 'A', msg: 'a', retry_after_seconds: 30 }]], 30],
    [
      'the shortest counts',
      [
        [{ code: 'A', msg: 'a', retry_after_seconds: 30 }],
        [{ code: 'B', msg: 'b', retry_after_seconds: 5 }, 'bare'],
      ],
      5,
    ],
  ])('to wait may say how long: %s', (_, [floor = [], policy = []], seconds) => {
    const verdict = judge(ok({ ...passes, wait: floor }), ok({ ...allows, wait: policy }));
    expect(verdict).toMatchObject({ kind: 'wait', retryAfterSeconds: seconds });
  });

  test('for abstaining are never empty', () => {
    expect(judge(ok(passes), ok({ ...allows, allow: false })).reasons).toMatchObject([
      { code: 'NotAllowed' },
    ]);
  });

  test('of facts that could not be had: the longest wait that a source asked for', () => {
    const verdict = judgeWithoutFacts([
      { fact: 'node', message: 'slow down', retryAfterSeconds: 7 },
      { fact: 'cluster', message: 'slow down', retryAfterSeconds: 3 },
      { fact: 'claims', message: 'lags' },
    ]);
    expect(verdict).toMatchObject({ kind: 'error', retryAfterSeconds: 7 });
    expect(verdict.reasons.map(({ msg }) => msg)).toEqual([
      'claims: lags',
      'cluster: slow down',
      'node: slow down',
    ]);
  });
});
