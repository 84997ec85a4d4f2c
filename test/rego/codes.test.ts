import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCases } from './cases.ts';
import type { DocumentedCode } from './codes.ts';
import { codesTable, documentedCodes } from './codes.ts';
import { evaluateOnOpa } from './evaluate.ts';
import { codesOf } from './outcome.ts';
import { policiesPath } from './paths.ts';

describe('reason codes', () => {
  let documented: DocumentedCode[];

  beforeAll(async () => {
    documented = await documentedCodes();
  });

  it('are those that the cases produce, each with its kind', async () => {
    const produced = new Set<string>();
    for (const { form, facts, decision } of await evaluateOnOpa(await loadCases())) {
      for (const code of codesOf([...form.deny, ...facts.deny, ...decision.deny]))
        produced.add(`deny ${code}`);
      for (const code of codesOf([...facts.wait, ...decision.wait])) produced.add(`wait ${code}`);
      for (const code of codesOf(decision.warn)) produced.add(`warn ${code}`);
    }
    const declared = documented.filter(({ kind }) => kind !== 'violation');
    const codes = new Set(declared.map(({ kind, code }) => `${kind} ${code}`));
    expect([...codes].sort()).toEqual([...produced].sort());
  });

  it('are the table of policies/README.md', async () => {
    const readme = readFileSync(policiesPath('README.md'), 'utf8');
    expect(readme).toContain(
      `<!-- BEGIN policy codes (make docs) -->\n\n${await codesTable()}\n\n<!-- END policy codes -->`,
    );
  });
});
