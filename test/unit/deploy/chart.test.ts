import { mkdtempSync, readFileSync, rmSync, writeFileSync, cpSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { artifactOf } from '../../../deploy/helm/artifact.ts';
import { probeFor } from '../../../src/decide/probe.ts';
import { loadFloor } from '../../../src/policy/floor.ts';
import { supportedSigners } from '../../../deploy/helm/values.ts';
import { chartRepository, packChart, pinned } from '../../../deploy/helm/pack.ts';

const root = new URL('../../../', import.meta.url).pathname;
const values = readFileSync(join(root, 'deploy/chart/values.yaml'), 'utf8');
const image = { repository: 'registry.example.com:5000/a/b', digest: `sha256:${'a'.repeat(64)}` };

test('a released chart names its image, and has nothing else changed', () => {
  const lines = values.split('\n');
  const changed = pinned(values, image)
    .split('\n')
    .filter((line, at) => line !== lines[at]);
  expect(changed).toEqual([
    '  registry: "registry.example.com:5000"',
    '  repository: "a/b"',
    `  digest: "${image.digest}"`,
  ]);
});

test('one whose image is published nowhere names its digest alone', () => {
  const { digest } = image;
  expect(pinned(values, { digest })).toBe(values.replace('  digest: ""', `  digest: "${digest}"`));
});

test.each(['  registry: ""', '  repository: rego-csr-approver', '  digest: ""'])(
  'values without the line %j are refused, and ones that have it twice',
  (line) => {
    for (const text of [values.replace(`${line}\n`, ''), values.replace(line, `${line}\n${line}`)]) {
      expect(() => pinned(text, image)).toThrow(expect.objectContaining({ code: 'FileMissing' }));
    }
  },
);

test('a chart lies beside its image, in a repository of its own', () => {
  expect(chartRepository('ghcr.io/owner/rego-csr-approver')).toBe('ghcr.io/owner/charts/rego-csr-approver');
});

test('the same sources give the same bytes, whatever the files’ times; others do not', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'chart-'));
  try {
    cpSync(join(root, 'deploy/chart'), join(copy, 'deploy/chart'), { recursive: true });
    cpSync(join(root, 'LICENSE'), join(copy, 'LICENSE'));
    utimesSync(join(copy, 'deploy/chart/Chart.yaml'), new Date(0), new Date(0));
    const [here, there] = [await packChart(root, image), await packChart(copy, image)];
    expect(there.equals(here)).toBe(true);
    expect(artifactOf(copy, there).digest).toBe(artifactOf(root, here).digest);
    expect(gunzipSync(here).toString()).toContain('Apache License');
    writeFileSync(join(copy, 'deploy/chart/README.md'), 'other');
    const changed = await packChart(copy, image);
    expect(artifactOf(copy, changed).digest).not.toBe(artifactOf(root, here).digest);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

test('the signers whose approval it can grant are those that the floor judges', async () => {
  const { needs } = await loadFloor(probeFor);
  expect([...supportedSigners].sort()).toEqual([...needs.keys()].sort());
});
