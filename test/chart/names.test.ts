import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRecord } from '../../src/kube/json.ts';
import { Helm } from './helm.ts';

/** Names of what the chart makes: text, whatever they look like, and each once, wherever the release is. */

const folder = new URL('values/', import.meta.url).pathname;
let helm: Helm;
beforeAll(async () => {
  helm = await Helm.open();
});
afterAll(() => helm?.close());

/** What is below names, labels and namespaces, as `PATH: TYPE` where it is no text. */
function numbers(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((one, at) => numbers(one, `${path}/${String(at)}`));
  if (isRecord(value)) return Object.entries(value).flatMap(([key, one]) => numbers(one, `${path}/${key}`));
  const named = /(name|namespace|namespaces\/0|resourceNames\/0|labels\/[^/]*|matchLabels\/[^/]*)$/i;
  const part = path.replace(/app\.kubernetes\.io\/|helm\.sh\//, '');
  return named.test(part) && typeof value !== 'string' ? [`${path}: ${typeof value}`] : [];
}

test('a release and a namespace whose names are numbers give names that are text', async () => {
  const values = {
    nameOverride: '12',
    replicaCount: 2,
    flowSchema: { enabled: true },
    networkPolicy: { enabled: true },
    policy: { server: { enabled: true, credentialsSecret: '34' } },
    metrics: { podMonitor: { enabled: true }, dashboard: { enabled: true } },
  };
  const objects = await helm.objects([values], { release: '12', namespace: '56' });
  expect(objects.map(({ metadata }) => metadata.name)).toContain('12');
  expect(objects.flatMap((one) => numbers(one, ''))).toEqual([]);
});

// Where it has Roles of other purposes, too.
describe.each(['default', 'kube-system'])('in namespace %s', (namespace) => {
  test.each(readdirSync(folder))('%s makes each object once', async (file) => {
    const objects = await helm.objects([join(folder, file)], { namespace });
    const names = objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name].join('/'));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    expect(names.length).toBeGreaterThan(1);
  });
});
