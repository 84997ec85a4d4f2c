import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { caseEntries } from './cases.ts';
import { policiesPath } from './paths.ts';
import { semanticsRows } from './semantics.ts';

const rows = semanticsRows();
const ids = new Set(caseEntries().map(({ definition }) => definition.id));

/** How many rows each table of SEMANTICS has: nobody takes one out without this line changing. */
const sizes = {
  OK: 20,
  'UP-S': 9,
  'UP-C': 11,
  SIG: 10,
  ID: 20,
  SUB: 6,
  SAN: 31,
  USG: 14,
  KEY: 5,
  EXP: 6,
  LIFE: 26,
  REC: 16,
  ADM: 17,
  VAL: 26,
  SGN: 6,
  DUR: 7,
  GC: 14,
  KBL: 10,
};

/** What Kubernetes does by itself; requests and documents of these tables never stand behind that word. */
const ofKubernetes = new Set(['ADM', 'VAL', 'SGN', 'DUR', 'GC', 'REC']);

const tableOf = (id: string): string => /^(UP-[SC]|[A-Z]+)/.exec(id)?.[0] ?? '';

describe('the rows of the conformance tables', () => {
  it('are all there, each once', () => {
    const counted = Object.groupBy(rows, ({ id }) => tableOf(id));
    const found = Object.entries(counted).map(([table, some = []]) => [table, some.length]);
    expect(Object.fromEntries(found)).toEqual(sizes);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  it('leave nothing to Kubernetes that is ours', () => {
    const left = rows.filter(({ coverage }) => coverage.kind === 'kubernetes');
    expect(left.filter(({ id }) => !ofKubernetes.has(tableOf(id)))).toEqual([]);
    const limits = rows.filter(({ coverage }) => coverage.kind === 'limit');
    expect(limits.map(({ id }) => id)).toEqual(['LIFE-13', 'LIFE-15']);
  });

  it('that reach the rules are cases', () => {
    const clientRules = existsSync(policiesPath('default/csr/kubelet_client'));
    const wanted = rows.filter(
      ({ coverage }) => coverage.kind === 'case' || (coverage.kind === 'client' && clientRules),
    );
    expect(wanted.map(({ id }) => id).filter((id) => !ids.has(id))).toEqual([]);
    expect(wanted.length).toBeGreaterThan(100);
  });

  it('that are tested elsewhere are in the names of those tests', () => {
    const missing = rows.filter(({ coverage }) => {
      if (coverage.kind !== 'test') return false;
      const path = new URL(`../../${coverage.file}`, import.meta.url);
      return !existsSync(path) || !readFileSync(path, 'utf8').includes(coverage.text);
    });
    expect(missing).toEqual([]);
  });
});
