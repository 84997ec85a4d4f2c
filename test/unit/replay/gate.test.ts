import { describe, expect, test } from 'vitest';
import { forbids, readGate } from '../../../src/replay/gate.ts';

describe('a gate', () => {
  test.each([
    ['approve->deny', [['approve', 'deny']]],
    [
      'approve->*',
      [
        ['approve', 'deny'],
        ['approve', 'wait'],
      ],
    ],
    [
      '* -> approve',
      [
        ['deny', 'approve'],
        ['wait', 'approve'],
      ],
    ],
    [
      'any',
      [
        ['approve', 'deny'],
        ['approve', 'wait'],
        ['deny', 'approve'],
        ['wait', 'approve'],
      ],
    ],
    [
      '*->*',
      [
        ['approve', 'deny'],
        ['approve', 'wait'],
        ['deny', 'approve'],
        ['wait', 'approve'],
      ],
    ],
    ['reasons', [['deny', 'deny']]],
    ['undecidable', []],
  ])('%s forbids what it names', (text, expected) => {
    const gate = readGate(text);
    if (gate === undefined) throw new Error('no gate');
    const all = [
      ['approve', 'deny'],
      ['approve', 'wait'],
      ['deny', 'approve'],
      ['wait', 'approve'],
      ['deny', 'deny'],
    ] as const;
    expect(all.filter(([was, now]) => forbids(gate, was, now))).toEqual(expected);
  });

  test.each([
    '',
    'approve',
    'approve->',
    'approve->refuse',
    'approve->deny->wait',
    'deny->deny',
    'approve>*',
    'Any',
  ])('is not %j', (text) => {
    expect(readGate(text)).toBeUndefined();
  });
});
