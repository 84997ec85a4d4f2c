import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { probeFor } from '../../src/decide/probe.ts';
import { decisionShape } from '../../src/policy/decision.ts';
import { noFacts } from '../../src/policy/needs.ts';
import { loadBundle } from './evaluate.ts';
import { opa } from './opa.ts';
import { policiesPath } from './paths.ts';

const data = readFileSync(policiesPath('default/csr/kubelet_client/data.yaml'), 'utf8');
const shipped = z.object({ config: z.record(z.string(), z.unknown()) }).parse(parse(data));
const source: unknown = JSON.parse(readFileSync(policiesPath('schemas/kubelet_client.data.json'), 'utf8'));

const object = z.looseObject({
  description: z.string().min(1),
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), z.looseObject({ description: z.string().min(1) })),
});
const { properties, $defs } = z
  .looseObject({ properties: z.object({ config: object }), $defs: z.object({ entry: object }) })
  .parse(source);

async function named(rule: string): Promise<string[]> {
  const query = `sort([name | some name in data.csr.kubelet_client.${rule}])`;
  const bundle = ['-b', policiesPath('default'), '--ignore', '*_test.rego'];
  return z.array(z.string()).parse(JSON.parse(await opa('eval', ...bundle, '-f', 'raw', query)));
}

const any = { any_node_name: true };
const own = { groups: ['g'] };
/** Knobs that differ from the shipped ones, and whether they can be meant. */
const configs: readonly (readonly [name: string, change: object, good: boolean])[] = [
  ['nobody', { bootstrappers: [] }, true],
  ['users', { bootstrappers: [{ users: ['joe', '^k-[a-z]+$'], node_names: ['^worker-[0-9]+$'] }] }, true],
  ['groups and users', { bootstrappers: [{ ...own, users: ['joe'], ...any }] }, true],
  ['the shortest lifetime', { max_expiration_seconds: 600 }, true],
  ['the longest lifetime', { max_expiration_seconds: 2_147_483_647 }, true],
  ['switches turned', { bootstrap_existing_nodes: true, require_credential_id: true }, true],
  ['a lifetime too short', { max_expiration_seconds: 599 }, false],
  ['a lifetime too long', { max_expiration_seconds: 2_147_483_648 }, false],
  ['a fraction', { max_expiration_seconds: 600.5 }, false],
  ['a text for a switch', { bootstrap_existing_nodes: 'yes' }, false],
  ['null for a switch', { require_credential_id: null }, false],
  ['a knob that there is not', { bootstrapper: [] }, false],
  ['an object of entries', { bootstrappers: {} }, false],
  ['an entry that is none', { bootstrappers: ['g'] }, false],
  ['a field that there is not', { bootstrappers: [{ ...own, ...any, group: ['g'] }] }, false],
  ['no groups', { bootstrappers: [{ ...any, groups: [] }] }, false],
  ['one group', { bootstrappers: [{ ...any, groups: 'g' }] }, false],
  ['an empty group', { bootstrappers: [{ ...any, groups: [''] }] }, false],
  ['everybody', { bootstrappers: [{ ...any, groups: ['system:authenticated'] }] }, false],
  ['the nodes', { bootstrappers: [{ ...any, groups: ['system:nodes'] }] }, false],
  ['half a pattern for a user', { bootstrappers: [{ ...any, users: ['^joe'] }] }, false],
  ['a name that is no pattern', { bootstrappers: [{ ...own, node_names: ['worker-1'] }] }, false],
  ['no name', { bootstrappers: [{ ...own, node_names: [] }] }, false],
  ['not any name', { bootstrappers: [{ ...own, any_node_name: false }] }, false],
];

describe('policies/schemas/kubelet_client.data.json', () => {
  let errors: (config: object) => number;
  let check: z.ZodType;
  beforeAll(async () => {
    check = z.fromJSONSchema(source as Parameters<typeof z.fromJSONSchema>[0]);
    const bundle = policiesPath('../dist/default.tar.gz');
    const input = probeFor('kubernetes.io/kube-apiserver-client-kubelet', noFacts);
    const byChange = new Map<object, number>();
    for (const [, change] of configs) {
      const config = { ...shipped.config, ...change };
      // oxlint-disable-next-line no-await-in-loop -- one module after the other
      const evaluate = await loadBundle(bundle, { csr: { kubelet_client: { config } } });
      const decision = decisionShape.parse(evaluate('csr/kubelet_client/decision', input));
      byChange.set(change, decision.config_errors.length);
    }
    errors = (change) => byChange.get(change) ?? -1;
  });

  it('takes the data that is shipped, which names it', () => {
    expect(check.safeParse(parse(data)).error).toBeUndefined();
    expect(data).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/\.\.\/\.\.\/schemas\/kubelet_client\.data\.json\n/,
    );
  });

  it.each(configs)('says of %s what the policy says', (_, change, good) => {
    expect(errors(change) === 0).toBe(good);
    expect(check.safeParse({ config: { ...shipped.config, ...change } }).success).toBe(good);
  });

  it('has the knobs and the fields that the policy has, all described', async () => {
    const knobs = await named('_knobs');
    expect(Object.keys(properties.config.properties).sort()).toEqual(knobs);
    expect(properties.config.required.toSorted()).toEqual(knobs);
    expect(Object.keys($defs.entry.properties).sort()).toEqual(await named('_members'));
  });
});

describe('policies/schemas/overlay.json', () => {
  const text = readFileSync(policiesPath('schemas/overlay.json'), 'utf8');
  const check = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
  const takes = (config: unknown) => check.safeParse({ csr: { kubelet_client: { config } } }).success;

  it('takes any of the knobs, or none, and no others', () => {
    expect([{}, { bootstrappers: [] }, shipped.config].map(takes)).toEqual([true, true, true]);
    expect([{ bootstrapper: [] }, { bootstrappers: {} }, null].map(takes)).toEqual([false, false, false]);
    expect(check.safeParse({ csr: { floor: {} } }).success).toBe(false);
  });
});
