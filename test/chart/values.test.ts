import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { isRecord } from '../../src/kube/json.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { fieldsOf, valuesJSONSchema, type Schema } from '../../deploy/helm/json-schema.ts';
import { chart, Helm } from './helm.ts';

/**
 * Every value of the chart makes a difference in at least one file of values/, and what the program reads is what its
 * configuration says.
 */

const folder = new URL('values/', import.meta.url).pathname;
const files = readdirSync(folder);
const schema = valuesJSONSchema();
let helm: Helm;
beforeAll(async () => {
  helm = await Helm.open();
});
afterAll(() => helm?.close());

type Path = readonly string[];
type Tree = Record<string, unknown>;
const valuesIn = (file: string): Tree => parse(readFileSync(join(folder, file), 'utf8')) as Tree;

/** Paths of all values; of the members of a list, those of the first. */
function leaves(one: Schema, path: Path = []): Path[] {
  const below = fieldsOf(one) ?? one.items?.properties;
  const deeper = Object.entries(below ?? {}).flatMap(([name, field]) =>
    leaves(field, [...path, ...(one.items === undefined ? [] : ['0']), name]),
  );
  return fieldsOf(one) === undefined ? [path, ...deeper] : deeper;
}

function has(tree: unknown, [name = '', ...rest]: Path): boolean {
  if (!(isRecord(tree) || Array.isArray(tree)) || !(name in tree)) return false;
  return rest.length === 0 || has((tree as Tree)[name], rest);
}

/** A copy without what is at the path. */
function without(tree: Tree, path: Path): Tree {
  const copy = structuredClone(tree);
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as Tree;
  delete at[path.at(-1) ?? ''];
  return copy;
}

describe.each(files)('%s', (file) => {
  test('passes the linter, and what it is told of the configuration comes to the program as it is', async () => {
    await helm.said('lint', '--strict', chart, `--values=${join(folder, file)}`);
    const objects = await helm.objects([join(folder, file)]);
    const { fullname, config } = configOf(objects);
    const parsed = parseConfig(config, 'config.yaml');
    const set = (valuesIn(file)['config'] ?? {}) as Tree;
    const expected = withHead(set, { name: `${fullname}-leader` });
    expect(parsed).toEqual(parseConfig(JSON.stringify(expected), 'values'));
    const { data, dataConfigMap } = (valuesIn(file)['policy'] ?? {}) as Record<string, Tree | undefined>;
    if (data !== undefined) {
      const isJSON = String(dataConfigMap?.['key']).endsWith('.json');
      const texts = objects.flatMap((one) => (isRecord(one['data']) ? Object.entries(one['data']) : []));
      const text = texts.find(([key]) => key === dataConfigMap?.['key'])?.[1];
      expect(isJSON ? JSON.parse(String(text)) : parse(String(text))).toEqual(data);
    }
  });
});

/** As the chart is asked to write it. */
function withHead(set: Tree, election: Tree): Tree {
  return {
    apiVersion: 'rego-csr-approver/v1alpha1',
    kind: 'ApproverConfiguration',
    ...set,
    leaderElection: { ...election, ...(set['leaderElection'] as Tree | undefined) },
  };
}

function configOf(objects: readonly KubeObject[]): { fullname: string; config: string } {
  const fullname = objects.find(({ kind }) => kind === 'Deployment')?.metadata.name ?? '';
  const [config = ''] = objects
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap(({ data }) => (isRecord(data) ? [data['config.yaml']] : []))
    .filter((text) => typeof text === 'string');
  return { fullname, config };
}

const outcomes = new Map<string, Promise<string>>();
/** What is rendered; or why it is refused, which makes a difference as well. */
function outcome(values: Tree): Promise<string> {
  const key = JSON.stringify(values);
  const known = outcomes.get(key) ?? helm.render([values]).catch((error: unknown) => String(error));
  outcomes.set(key, known);
  return known;
}

/** For charts that depend on this one: they must be allowed, and change nothing. */
const unused = ['global', 'enabled'];

describe('every value makes a difference in at least one of them', () => {
  test.each(leaves(schema).map((path) => [path.join('.'), path] as const))('%s', async (name, path) => {
    const setting = files.filter((file) => has(valuesIn(file), path));
    expect(setting.length).toBeGreaterThan(0);
    let differs = false;
    for (const file of setting) {
      const values = valuesIn(file);
      // oxlint-disable-next-line no-await-in-loop -- the first one is mostly enough
      differs ||= (await outcome(values)) !== (await outcome(without(values, path)));
      if (differs) break;
    }
    expect(differs).toBe(!unused.includes(name));
  });
});

test('every field of the configuration is set in at least one of them', () => {
  const fields = (one: Schema | undefined, path: Path): Path[] =>
    Object.entries(one?.properties ?? {}).flatMap(([name, field]) => [
      [...path, name],
      ...fields(field, [...path, name]),
    ]);
  const all = fields(schema.properties?.['config'], ['config']);
  expect(all.length).toBeGreaterThan(60);
  const missing = all.filter((path) => !files.some((file) => has(valuesIn(file), path)));
  expect(missing.map((path) => path.join('.'))).toEqual([]);
});

test('values.yaml has the defaults of the schema, and nothing else', () => {
  const defaults = (one: Schema): unknown => {
    const fields = fieldsOf(one);
    if (fields === undefined) return one.default;
    return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, defaults(field)]));
  };
  expect(parse(readFileSync(join(chart, 'values.yaml'), 'utf8'))).toEqual(defaults(schema));
});
