import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OracleAnswer } from '../oracle/answer.ts';
import { formatCase, signerLine } from './case-file.ts';
import type { Trap } from './trap.ts';
import { traps } from './traps.ts';

export const corpusDirectory = join(import.meta.dirname, 'corpus');

/** The files as they must be, by name. Go's part of them is asked for, not written by hand. */
export function corpusFiles(answers: readonly OracleAnswer[]): Map<string, string> {
  return new Map(traps.map((trap, i) => [`${trap.name}.txt`, corpusFile(trap, answers[i])]));
}

function corpusFile({ name, bends, clause, codes, request }: Trap, answer: OracleAnswer | undefined): string {
  if (answer === undefined) throw new TypeError(`no answer for ${name}`);
  const ours = codes.length === 0 ? 'accepts' : `refuses with ${codes.join(' or ')}`;
  return formatCase({ name, bends, clause, ours, signer: signerLine(answer), request });
}

export const filesIn = (directory: string): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.txt'))
    .sort();
