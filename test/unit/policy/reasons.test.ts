import { describe, expect, test } from 'vitest';
import { readReasons, reasonCodes } from '../../../src/policy/reasons.ts';

const codesOf = (...sources: string[]) => [
  ...reasonCodes(readReasons(new Map(sources.map((source, index) => [String(index), source])))).keys(),
];
const block = (code: string, more = '') => `# METADATA\n# custom:\n#   code: ${code}\n${more}`;
const rule = 'deny contains "x"\n';

describe('codes', () => {
  test('are those of each block, whatever it is followed by', () => {
    const source = `package x\n\n${block('A')}${rule}  ${block('B')}\n${block('C')}${block('D')}`;
    expect(codesOf(source, block('E'))).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  test('of a block that is no YAML, or long, are left out, and others are not', () => {
    const long = block('Long', `# description: ${'x'.repeat(4096)}\n`);
    expect(codesOf(`${block('A')}${rule}${block('[', '# ]]')}\n${long}${rule}${block('B')}`)).toEqual([
      'A',
      'B',
    ]);
  });

  // Each of these took minutes of the thread that watches, and of the program's memory.
  test.each([
    ['nothing but beginnings', '# METADATA\n# a: [b]\n'.repeat(100_000)],
    ['very many keys', `# METADATA\n${'# k: 1\n'.repeat(100_000)}`],
    ['very many lines', '\n'.repeat(30_000_000)],
    ['brackets', `# METADATA\n# ${'['.repeat(4000)}\n\n`.repeat(5000)],
  ])('are soon read in a bundle that has %s', (_, source) => {
    expect(codesOf(block('A'), source)).toEqual(['A']);
  });
});
