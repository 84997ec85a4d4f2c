import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DecodeRefusal } from '../../../src/csr/refusal.ts';
import { type Refusal, refusals, refusalTable } from '../../../src/csr/refusals.ts';

const rows: readonly (readonly [code: string, row: Refusal])[] = Object.entries(refusals);

describe('the table of refusals', () => {
  test.each(rows)('%s says what, why and what to do', (code, { meaning, clause, remedy }) => {
    expect(code).toMatch(/^[A-Z][A-Za-z\d]+$/);
    for (const text of [meaning, clause, remedy]) expect(text).toMatch(/^[^|\n]{3,}$/);
    expect(remedy).toMatch(/\.$/);
  });

  test.each(rows)('%s is expected by a test', (code) => {
    const here = new URL('.', import.meta.url);
    const texts = readdirSync(here).map((name) => readFileSync(new URL(name, here), 'utf8'));
    expect(texts.some((text) => text.includes(`'${code}'`))).toBe(true);
  });

  test('is printed a row for each code', () => {
    const lines = refusalTable().split('\n');
    expect(lines).toHaveLength(rows.length + 2);
    expect(lines.slice(0, 2)).toEqual(['| code | meaning | rule | remedy |', '|---|---|---|---|']);
    expect(lines[2]).toBe(
      '| `CSRTooLarge` | The request has more bytes than the cap | Configured limit, before RFC 7468 | Ask for fewer or shorter names, or raise the limit. |',
    );
  });
});

describe('a refusal', () => {
  test('carries its row', () => {
    const cause = new Error('x');
    const refusal = new DecodeRefusal('SubjectNotSingle', 'no commonName', { cause });
    expect(refusal).toMatchObject({
      name: 'DecodeRefusal',
      code: 'SubjectNotSingle',
      detail: 'no commonName',
      clause: refusals.SubjectNotSingle.clause,
      remedy: refusals.SubjectNotSingle.remedy,
      cause,
    });
    expect(refusal.message).toBe(`${refusals.SubjectNotSingle.meaning} (no commonName)`);
  });

  test('needs no detail', () => {
    expect(new DecodeRefusal('PEMMissing').message).toBe(refusals.PEMMissing.meaning);
  });
});
