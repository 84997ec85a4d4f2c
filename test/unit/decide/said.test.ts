import { expect, test } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import { allows, gathers, limits, now, passes, policiesThat, request, type Says } from './stubs.ts';

/** A clock that is a millisecond further each time it is asked. */
function ticking() {
  let at = 100;
  return () => (at += 1);
}

const ask = (says: Says = {}, of = request()) =>
  decide(of, gathers(), policiesThat(says), { now, limits, clock: ticking() });

test('an approval tells what each was asked and how long each stage took', async () => {
  const { said, timings } = await ask();
  expect(said).toEqual({
    form: { ok: true, value: passes },
    floor: { ok: true, value: passes },
    policy: { ok: true, value: allows },
  });
  expect(timings).toEqual({ decode: 1, form: 1, facts: 1, evaluation: 1, total: 4 });
});

test.each<[string, Says, string[], string[]]>([
  [
    'the form refuses',
    { form: { pass: false, deny: ['no'], wait: [] } },
    ['form'],
    ['decode', 'form', 'total'],
  ],
  [
    'the policy gives another shape',
    { policy: { allow: 'yes' } },
    ['form', 'floor', 'policy'],
    ['decode', 'form', 'facts', 'evaluation', 'total'],
  ],
])('%s: only what was asked is told', async (_, says, said, stages) => {
  const decision = await ask(says);
  expect(Object.keys(decision.said)).toEqual(said);
  expect(Object.keys(decision.timings).sort()).toEqual(stages.sort());
});

test('a value of another shape is told as it was', async () => {
  const { said } = await ask({ policy: { allow: 'yes' } });
  expect(said.policy).toMatchObject({ ok: false, unusable: { allow: 'yes' } });
});

test.each([
  ['refused by the decoder', { request: 'bm8=' }, ['decode', 'total']],
  ['left alone', { signerName: 'example.com/other' }, []],
])('a request that is %s was told of by nobody', async (_, spec, stages) => {
  const { said, timings } = await ask({}, { ...request(), ...spec });
  expect([said, Object.keys(timings)]).toEqual([{}, stages]);
});

test('without a clock no time is told', async () => {
  const { timings } = await decide(request(), gathers(), policiesThat(), { now, limits });
  expect(timings).toEqual({});
});
