import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const goMod = (...path: string[]): string =>
  readFileSync(join(import.meta.dirname, '..', ...path, 'go.mod'), 'utf8');

const replacements = (text: string): string => /^replace \(\n([^)]*)\)/m.exec(text)?.[1] ?? '';
const kubernetes = (text: string): string => /k8s\.io\/kubernetes (v\S+)/.exec(text)?.[1] ?? '';

/** The oracle has to read requests as the control plane does that the other tests start. */
it('the oracle is built from the same Kubernetes as the control plane', () => {
  const [oracle, tools] = [goMod('oracle'), goMod('tools', 'kubernetes')];
  expect(kubernetes(oracle)).not.toBe('');
  expect(kubernetes(oracle)).toBe(kubernetes(tools));
  expect(replacements(oracle)).toBe(replacements(tools));
});
