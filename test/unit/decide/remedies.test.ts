import { expect, test } from 'vitest';
import { remedyOf } from '../../../src/decide/remedies.ts';
import type { ReasonSource } from '../../../src/decide/verdict.ts';
import { policiesThat } from './stubs.ts';

const signer = 'kubernetes.io/kubelet-serving';
const code = (name: string, remedy: string) =>
  [name, { code: name, title: '', description: '', remedy }] as const;

function policies() {
  const { floor, signers } = policiesThat();
  const ours = [...signers].map(
    ([name, policy]) => [name, { ...policy, codes: new Map([code('A', 'of the policy')]) }] as const,
  );
  return { floor: { ...floor, codes: new Map([code('A', 'of the floor')]) }, signers: new Map(ours) };
}

test.each<[string, ReasonSource, string | RegExp | undefined]>([
  ['A', 'policy', 'of the policy'],
  ['A', 'floor', 'of the floor'],
  ['B', 'policy', undefined],
  // What the program says in the place of a policy that says nothing.
  ['NotAllowed', 'policy', /^Add a `deny` or `wait` rule/],
  ['FloorFailed', 'floor', /^Report it/],
  ['FactUnavailable', 'facts', /^The message names the fact/],
  ['PEMMissing', 'decoder', /^Send the output/],
  ['A', 'decoder', undefined],
  ['constructor', 'policy', undefined],
])('%s of the %s: %s', (name, source, expected) => {
  const remedy = remedyOf({ code: name, msg: '', source }, signer, policies());
  if (expected instanceof RegExp) expect(remedy).toMatch(expected);
  else expect(remedy).toBe(expected);
});

test('without a policy, what is ours is known all the same', () => {
  expect(remedyOf({ code: 'A', msg: '', source: 'policy' }, signer, undefined)).toBeUndefined();
  expect(remedyOf({ code: 'PEMMissing', msg: '', source: 'decoder' }, signer, undefined)).toBeDefined();
});
