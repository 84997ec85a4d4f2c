import { expect, test } from 'vitest';
import { remediesOf, showChecks, showWatch } from '../../../src/status/status.ts';

const detail = () => 'n1 leads';
const watch = (ms: number) => ({ hasSynced: true, size: 3, progressAgeMs: () => ms });

test('a check says what is wrong, or its detail', () => {
  expect(
    showChecks([
      { name: 'a', problem: () => 'no answer', detail },
      { name: 'b', problem: () => undefined, detail },
      { name: 'c', problem: () => undefined },
    ]),
  ).toEqual([{ name: 'a', problem: 'no answer' }, { name: 'b', detail: 'n1 leads' }, { name: 'c' }]);
});

test('a watch that was never heard of has no age', () => {
  expect(showWatch('w', watch(1400))).toEqual({ name: 'w', synced: true, age_seconds: 1, objects: 3 });
  expect(showWatch('w', watch(Infinity))).toEqual({ name: 'w', synced: true, objects: 3 });
});

test('remedies are those of the codes that are shown, each once', () => {
  const pending = {
    total: 1,
    by_verdict: {},
    matching: 1,
    oldest: [
      {
        csr: '',
        uid: '',
        signer_name: '',
        requested_by: '',
        reasons: [
          { code: 'B', msg: '' },
          { code: 'A', msg: '' },
          { code: 'Made up', msg: '' },
        ],
      },
    ],
  };
  const remedies: Record<string, string> = { A: 'do a', B: 'do b', C: 'do c' };
  const shown = remediesOf({ pending, decisions: { count: 0, last: [] } }, (code) => remedies[code]);
  expect(shown).toEqual({ A: 'do a', B: 'do b' });
});
