import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusals } from '../../src/csr/refusals.ts';
import type { OracleAnswer } from '../oracle/answer.ts';
import { Oracle } from '../oracle/oracle.ts';
import { requestOf } from './case-file.ts';
import { corpusDirectory, corpusFiles, filesIn } from './corpus.ts';
import { judge } from './judge.ts';
import { breaches } from './law.ts';
import { oversized } from './oversized.ts';
import { readRequest } from './reading.ts';
import { traps } from './traps.ts';

const all = [...traps, ...oversized];
let oracle: Oracle;
let answers: OracleAnswer[];

beforeAll(async () => {
  oracle = await Oracle.start();
  answers = await oracle.askAll(all.map(({ request }) => request));
});

afterAll(() => oracle.close());

describe('each trap', () => {
  it.each(all.map((trap, i) => [trap.name, trap, i] as const))('%s', (_, trap, i) => {
    const reading = readRequest(trap.request);
    expect(trap.codes.length === 0 ? ['accepted'] : trap.codes).toContain(
      reading.accepted ? 'accepted' : reading.code,
    );
    const answer = answers[i];
    expect(answer && breaches(trap.request, reading, answer, judge)).toEqual([]);
  });
});

describe('the files', () => {
  it('are what the tables say (if not: node test/differential/write-corpus.ts)', () => {
    const wanted = corpusFiles(answers);
    expect(filesIn(corpusDirectory)).toEqual([...wanted.keys()].sort());
    for (const [name, content] of wanted) {
      expect(readFileSync(join(corpusDirectory, name), 'utf8')).toBe(content);
    }
  });

  it('hold the very bytes of the requests', () => {
    for (const { name, request } of traps) {
      const file = readFileSync(join(corpusDirectory, `${name}.txt`), 'utf8');
      expect(Buffer.from(requestOf(file)).equals(request), name).toBe(true);
    }
  });
});

describe('the refusals', () => {
  it('each have a trap, but for those that no request should ever meet', () => {
    const readings = all.map(({ request }) => readRequest(request));
    const met = new Set<string>(readings.flatMap((r) => (r.accepted ? [] : [r.code])));
    const unmet = Object.keys(refusals).filter((code) => !met.has(code));
    expect(unmet.sort()).toEqual(['DecoderFailed', 'ParsersDisagree']);
  });
});
