import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RegoCase } from './cases.ts';
import { loadCases } from './cases.ts';
import type { Said } from './evaluate.ts';
import { evaluateOnWasm, withDirectory } from './evaluate.ts';
import { runTool } from './opa.ts';
import { outcomeOf } from './outcome.ts';

const results = z.array(
  z.looseObject({
    filename: z.string(),
    successes: z.int(),
    failures: z.array(z.looseObject({ msg: z.string() })).default([]),
    warnings: z.array(z.looseObject({ msg: z.string() })).default([]),
  }),
);

interface Tested {
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

/** Runs stock conftest over the documents of cases; gives what it says of each, by id. */
async function conftest(cases: readonly RegoCase[], bundle: 'floor' | 'default', namespace: string) {
  return withDirectory(async (directory) => {
    for (const { id, input } of cases) writeFileSync(join(directory, `${id}.json`), JSON.stringify(input));
    const data = join(directory, 'data');
    for (const { policy, config } of cases.slice(0, 1)) {
      mkdirSync(join(data, 'csr', policy), { recursive: true });
      writeFileSync(join(data, 'csr', policy, 'data.json'), JSON.stringify({ config }));
    }
    const options = ['--policy', bundle, '--data', data, '--namespace', namespace, '--output', 'json'];
    const documents = cases.map(({ id }) => join(directory, `${id}.json`));
    const { stdout, stderr } = await runTool('conftest', ['test', ...options, ...documents]);
    const parsed = results.safeParse(parseQuietly(stdout));
    if (!parsed.success) throw new Error(`conftest: ${stderr}${stdout}`);
    const said = new Map<string, Tested>();
    for (const { filename, failures, warnings } of parsed.data) {
      said.set(basename(filename, '.json'), { failures: texts(failures), warnings: texts(warnings) });
    }
    return said;
  });
}

function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const texts = (reasons: readonly { readonly msg: string }[]): string[] =>
  [...new Set(reasons.map(({ msg }) => msg))].sort();

const messages = (reasons: Said['decision']['deny']): string[] =>
  reasons.map((reason) => (typeof reason === 'string' ? reason : reason.msg));

const cases = await loadCases();

describe('stock conftest', () => {
  let said: Map<string, Said>;
  let floor: Map<string, Tested>;
  const policy = new Map<string, Tested>();

  beforeAll(async () => {
    const answers = await evaluateOnWasm(cases);
    said = new Map(
      cases.flatMap(({ id }, index) => (answers[index] === undefined ? [] : [[id, answers[index]]])),
    );
    floor = await conftest(cases, 'floor', 'csr.floor');
    const groups = Map.groupBy(cases, (one) => JSON.stringify([one.policy, one.config]));
    for (const group of groups.values()) {
      const namespace = `csr.${group[0]?.policy ?? ''}`;
      for (const [id, one] of await conftest(group, 'default', namespace)) policy.set(id, one);
    }
    // A run for each of some fifty configurations.
  }, 300_000);

  it.each(cases)('fails exactly where the program would not approve, with its words: $id', (one) => {
    const answer = said.get(one.id);
    if (answer === undefined) throw new Error('not evaluated');
    const { facts, decision } = answer;
    const approved = outcomeOf(one, answer).verdict === 'approve';
    const problems = decision.config_errors.map((problem) =>
      typeof problem === 'string' ? problem : problem.msg,
    );
    const expected = [...messages([...decision.deny, ...decision.wait]), ...problems];
    expect(policy.get(one.id)).toEqual({
      failures: [...new Set(approved ? [] : [...expected, 'the request is not allowed'])].sort(),
      warnings: messages(decision.warn).sort(),
    });
    expect(floor.get(one.id)).toEqual({
      failures: [
        ...new Set(
          facts.pass ? [] : [...messages([...facts.deny, ...facts.wait]), 'the floor does not pass'],
        ),
      ].sort(),
      warnings: [],
    });
  });

  it('fails for a good document when the data is left out', async () => {
    const [good] = cases.filter(({ id }) => id === 'OK-01');
    await withDirectory(async (directory) => {
      const document = join(directory, 'good.json');
      writeFileSync(document, JSON.stringify(good?.input));
      const { code } = await runTool('conftest', [
        'test',
        '--policy',
        'default',
        '--namespace',
        'csr.kubelet_serving',
        document,
      ]);
      expect(code).toBe(1);
    });
  });
});
