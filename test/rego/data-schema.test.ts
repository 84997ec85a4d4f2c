import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defaultConfig } from './cases.ts';
import { opa } from './opa.ts';
import { policiesPath } from './paths.ts';
import { wrongTrust, wrongValues } from './wrong-trust.ts';

const data = readFileSync(policiesPath('default/csr/kubelet_serving/data.yaml'), 'utf8');
const source = readFileSync(policiesPath('schemas/kubelet_serving.data.json'), 'utf8');

const object = z.looseObject({
  description: z.string().min(1).optional(),
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), z.unknown()).default({}),
});
type JsonObject = z.infer<typeof object>;

const parsed = z
  .looseObject({
    properties: z.object({ config: object }),
    $defs: z.object({ pool: object, lookup: object }),
  })
  .parse(JSON.parse(source));
const { config } = parsed.properties;

/** Names of a set or the keys of an object of the policy, as opa evaluates it. */
async function named(rule: string): Promise<string[]> {
  const query = `sort([name | some name in data.csr.kubelet_serving.${rule}])`;
  const bundle = ['-b', policiesPath('default'), '--ignore', '*_test.rego'];
  return z.array(z.string()).parse(JSON.parse(await opa('eval', ...bundle, '-f', 'raw', query)));
}

describe('policies/schemas/kubelet_serving.data.json', () => {
  let check: z.ZodType;
  beforeAll(() => {
    check = z.fromJSONSchema(JSON.parse(source) as Parameters<typeof z.fromJSONSchema>[0]);
  });

  it('takes the data that is shipped, which names it', () => {
    expect(check.safeParse(parse(data)).error).toBeUndefined();
    expect(data).toContain('# yaml-language-server: $schema=../../../schemas/kubelet_serving.data.json\n');
  });

  it('takes whatever has no configuration errors', () => {
    const good = wrongTrust.filter(([, , paths]) => paths.length === 0);
    expect(good.length).toBeGreaterThan(10);
    const refused = good.filter(([, value]) => !check.safeParse({ config: value }).success);
    expect(refused.map(([title]) => title)).toEqual([]);
  });

  it('refuses values of another type', () => {
    const taken = wrongValues.filter(([, value]) => check.safeParse({ config: value }).success);
    expect(taken.map(([title]) => title)).toEqual([]);
  });

  it('has the knobs that the policy has, all required and described', async () => {
    const knobs = await named('_knobs');
    expect(Object.keys(config.properties).sort()).toEqual(knobs);
    expect(config.required.toSorted()).toEqual(knobs);
    expect(Object.keys(defaultConfig).sort()).toEqual(knobs);
    for (const knob of Object.values(config.properties)) expect(described(knob)).toBe(true);
  });

  it('has the limits that the policy has', async () => {
    const text = await opa(
      'eval',
      '-b',
      policiesPath('default'),
      '--ignore',
      '*_test.rego',
      '-f',
      'raw',
      'data.csr.kubelet_serving._numbers',
    );
    const limits = z.record(z.string(), z.object({ least: z.int(), most: z.int() })).parse(JSON.parse(text));
    for (const [knob, { least, most }] of Object.entries(limits)) {
      expect(config.properties[knob]).toMatchObject({ minimum: least, maximum: most });
    }
  });

  it('has the fields that the policy has', async () => {
    const { pool, lookup } = parsed.$defs;
    expect(Object.keys(pool.properties).sort()).toEqual(await named('_pool_fields'));
    expect(Object.keys(lookup.properties).sort()).toEqual(await named('_lookup_fields'));
    expect(Object.keys(object.parse(lookup.properties['query']).properties).sort()).toEqual(
      await named('_query_fields'),
    );
    const fields = [pool, lookup].flatMap(({ properties }: JsonObject) => Object.values(properties));
    for (const field of fields) expect(described(field)).toBe(true);
  });
});

function described(field: unknown): boolean {
  return object.parse(field).description !== undefined;
}
