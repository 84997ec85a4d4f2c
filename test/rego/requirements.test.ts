import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCases } from './cases.ts';
import type { BundleName } from './evaluate.ts';
import { evaluateOnOpa, withDirectory } from './evaluate.ts';
import { opa, runTool } from './opa.ts';
import { problemsOf } from './outcome.ts';
import { policiesPath } from './paths.ts';

interface Conjunction {
  readonly bundle: BundleName;
  readonly file: string;
  readonly rule: string;
}

interface Module {
  readonly rules: readonly {
    readonly default?: boolean;
    readonly head: { readonly name?: string };
    readonly body: readonly { readonly location: { readonly row: number } }[];
  }[];
}

/** The rules whose lines are the requirements. */
const conjunctions: readonly Conjunction[] = [
  { bundle: 'floor', file: 'csr/floor/serving/requirements.rego', rule: 'form' },
  { bundle: 'floor', file: 'csr/floor/serving/requirements.rego', rule: 'facts' },
  { bundle: 'floor', file: 'csr/floor/client/requirements.rego', rule: 'form' },
  { bundle: 'floor', file: 'csr/floor/client/requirements.rego', rule: 'facts' },
  { bundle: 'floor', file: 'csr/floor/form.rego', rule: '_form_pass' },
  { bundle: 'floor', file: 'csr/floor/facts.rego', rule: '_facts_pass' },
  { bundle: 'default', file: 'csr/kubelet_serving/decision.rego', rule: 'allow' },
  { bundle: 'default', file: 'csr/kubelet_client/decision.rego', rule: 'allow' },
];

interface Requirement extends Conjunction {
  readonly row: number;
  readonly text: string;
}

/** Every requirement, from the syntax tree that opa gives. */
async function requirementsOf(conjunction: Conjunction): Promise<Requirement[]> {
  const path = policiesPath(`${conjunction.bundle}/${conjunction.file}`);
  const lines = readFileSync(path, 'utf8').split('\n');
  const module = JSON.parse(
    await opa('parse', '--format', 'json', '--json-include', 'locations', path),
  ) as Module;
  const rules = module.rules.filter((rule) => rule.head.name === conjunction.rule && rule.default !== true);
  const rows = rules.flatMap((rule) => rule.body.map((expression) => expression.location.row));
  return rows.map((row) => ({ ...conjunction, row, text: (lines[row - 1] ?? '').trim() }));
}

/** The bundle's own tests, where they fail. */
async function testsFail(path: string): Promise<string[]> {
  const { code, stdout } = await runTool('opa', ['test', path]);
  return code === 0 ? [] : [stdout];
}

const requirements = (await Promise.all(conjunctions.map(requirementsOf))).flat();
const cases = await loadCases();

describe('without one of the requirements', () => {
  it('finds them all', () => {
    const perRule = conjunctions.map(({ rule }) => requirements.filter((one) => one.rule === rule).length);
    expect(perRule.every((count) => count >= 2)).toBe(true);
    expect(requirements.length).toBeGreaterThan(50);
    expect(new Set(requirements.map(({ file, row }) => `${file}:${String(row)}`)).size).toBe(
      requirements.length,
    );
  });

  it.concurrent.each(requirements)('some case or test fails: $rule, $text', async ({ bundle, file, row }) => {
    const failing = await withDirectory(async (directory) => {
      for (const name of ['floor', 'default']) {
        cpSync(policiesPath(name), join(directory, name), { recursive: true });
      }
      const path = join(directory, bundle, file);
      const lines = readFileSync(path, 'utf8').split('\n');
      lines.splice(row - 1, 1);
      writeFileSync(path, lines.join('\n'));
      const said = await evaluateOnOpa(cases, {
        floor: join(directory, 'floor'),
        default: join(directory, 'default'),
      });
      const ids = cases.flatMap((one, index) => {
        const answer = said[index];
        return answer === undefined || problemsOf(one, answer).length > 0 ? [one.id] : [];
      });
      // No case gets to the rules of a signer with another signer's name; their own tests do.
      return ids.length > 0 ? ids : testsFail(join(directory, bundle));
    });
    expect(failing).not.toEqual([]);
  });
});
