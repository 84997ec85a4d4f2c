import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defaultConfig } from '../../src/config/schema.ts';
import { run } from '../support/command-line.ts';
import { loadPoliciesFrom, readBundle, signersOf } from '../../src/activation/load.ts';
import { KeyRing } from '../../src/verify/keys.ts';
import { passed } from '../../src/verify/outcome.ts';
import { prepareCase } from '../../src/verify/prepare.ts';
import { runCases } from '../../src/verify/run.ts';
import { addressCap, caseEntries } from './cases.ts';
import { withDirectory } from './evaluate.ts';
import { policiesPath } from './paths.ts';

const report = z.looseObject({
  summary: z.looseObject({ cases: z.int(), failed: z.int() }),
  results: z.array(z.looseObject({ id: z.string(), problems: z.array(z.string()) })),
});

it('verify runs the cases that policies/README.md shows', async () => {
  const readme = readFileSync(policiesPath('README.md'), 'utf8');
  const [, cases = ''] = /```yaml\n(- id: EXAMPLE-01[^]*?)```/.exec(readme) ?? [];
  await withDirectory(async (directory) => {
    // As a folder beside examples/, which the cases name files of.
    mkdirSync(join(directory, 'cases'));
    cpSync(policiesPath('examples'), join(directory, 'examples'), { recursive: true });
    cpSync(policiesPath('cases/world.yaml'), join(directory, 'cases/world.yaml'));
    writeFileSync(join(directory, 'cases/shown.yaml'), cases);
    const { code, out, err } = await run(['verify', join(directory, 'cases')]);
    expect(`${out}${err}`).toContain('8 cases: 8 passed, 0 failed');
    expect(code).toBe(0);
  });
});

describe('verify policies/cases', () => {
  it('passes, each case through the whole program', async () => {
    const { code, out, err } = await run(['verify', policiesPath('cases'), '--output', 'json']);
    expect(err).toBe('');
    const { results, summary } = report.parse(JSON.parse(out));
    expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(summary.cases).toBe(caseEntries().length);
    expect(code).toBe(0);
  });

  it('makes a request of every case that a request can be made of', async () => {
    const bundle = await readBundle(defaultConfig);
    const config = { ...defaultConfig, signers: signersOf(bundle) };
    const keys = new KeyRing();
    const marked = caseEntries().filter(({ definition }) => definition.document === true);
    const prepared = await Promise.all(
      marked.map(async (entry) => {
        const definition = { ...entry.definition, document: false };
        // What no request can say, a CaseError says.
        return prepareCase({ ...entry, definition }, keys, addressCap).catch(() => undefined);
      }),
    );
    const { results } = await runCases(
      prepared.filter((one) => one !== undefined),
      {
        bundle,
        load: (files, isolate) => loadPoliciesFrom(config, files, isolate),
        limits: config.limits,
        clock: () => performance.now(),
      },
    );
    expect(marked.length).toBeGreaterThan(30);
    expect(prepared.filter((one) => one === undefined).length).toBeGreaterThan(20);
    // Where it can, the program ends before the rule that the case is about: it need not be a document otherwise.
    expect(results.filter(passed).map(({ id }) => id)).toEqual([]);
  });
});
