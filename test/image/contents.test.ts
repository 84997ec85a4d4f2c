import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { command } from '../../deploy/image/command.ts';
import { blobFile, indexDigest, platformManifests } from '../../deploy/image/layout.ts';
import { platforms, type Platform } from '../../deploy/image/platforms.ts';
import { runAllocation, runMemory } from '../../deploy/program/memory.ts';
import { version } from '../../src/cli/version.ts';
import { layout } from './container.ts';
import { deploymentPod } from './pod.ts';

/** What is in the image is what the table of deploy/README.md says, and nothing else. */

interface Row {
  readonly file: string;
  readonly megabytes: Readonly<Record<Platform['arch'], number>>;
}

const text = readFileSync(new URL('../../deploy/README.md', import.meta.url), 'utf8');
const number = (cell: string): number => Number(/^[\d.]+/.exec(cell)?.[0]);
const rows: Row[] = [...text.matchAll(/^\| `\/(\S+)` \| [^|]+ \| ([\d.]+) \| ([\d.]+) \|$/gm)].map(
  ([, file = '', amd64 = '', arm64 = '']) => ({
    file,
    megabytes: { amd64: number(amd64), arm64: number(arm64) },
  }),
);

const manifestSchema = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.tuple([z.object({ digest: z.string(), mediaType: z.string() })]),
});
const configSchema = z.object({
  architecture: z.string(),
  os: z.string(),
  created: z.string(),
  config: z.object({
    User: z.string(),
    Entrypoint: z.array(z.string()),
    Cmd: z.array(z.string()),
    Env: z.array(z.string()),
    ExposedPorts: z.record(z.string(), z.unknown()),
    Labels: z.record(z.string(), z.string()),
  }),
});

const json = (digest: string): unknown => JSON.parse(readFileSync(blobFile(layout, digest), 'utf8'));

describe.each(platforms)('the $arch image', ({ arch, triplet, loader }) => {
  const found = platformManifests(layout, indexDigest(layout, version)).find(
    ({ platform }) => platform?.architecture === arch,
  );
  const manifest = manifestSchema.parse(json(found?.digest ?? ''));
  const layer = blobFile(layout, manifest.layers[0].digest);

  /** One line of `tar -tv` each: mode, owner, size, path. */
  const list = async () => {
    const listing = await command('tar', ['--numeric-owner', '-tvzf', layer]);
    return listing
      .trim()
      .split('\n')
      .map((line) => {
        const [mode = '', owner = '', size = '', , , path = ''] = line.split(/\s+/);
        return { mode, owner, size: Number(size), path };
      });
  };

  test('holds the files of the table, of that size', async () => {
    const files = (await list()).filter(({ mode }) => !mode.startsWith('d'));
    const expected = rows.map(({ file }) => file.replace('TRIPLET', triplet).replace('LOADER', loader));
    expect(files.map(({ path }) => path).sort()).toEqual(expected.sort());
    for (const { file, megabytes } of rows) {
      const path = file.replace('TRIPLET', triplet).replace('LOADER', loader);
      const size = (files.find((one) => one.path === path)?.size ?? 0) / 1e6;
      // The table is for people: a tenth more or less is no reason to write it anew.
      expect(Math.abs(size - megabytes[arch]), `${path}: ${size.toFixed(2)} MB`).toBeLessThanOrEqual(
        Math.max(0.1 * size, 0.05),
      );
    }
  });

  test("has only root's files, which no one else can write, none setuid, and three kinds of modes", async () => {
    const listed = await list();
    expect(listed.filter(({ owner }) => owner !== '0/0')).toEqual([]);
    const modes = new Set(listed.map(({ mode }) => mode));
    expect([...modes].sort()).toEqual(['-rw-r--r--', '-rwxr-xr-x', 'drwxr-xr-x']);
    const executable = listed.filter(({ mode }) => mode === '-rwxr-xr-x').map(({ path }) => path);
    expect(executable.sort()).toEqual([loader, 'usr/bin/node'].sort());
  });

  test('starts the program, as a user by number, the one that the Deployment sets', () => {
    const { config, architecture, os } = configSchema.parse(json(manifest.config.digest));
    expect({ architecture, os }).toEqual({ architecture: arch, os: 'linux' });
    const pod = deploymentPod();
    const { runAsUser, runAsGroup } = pod.securityContext;
    expect(config).toMatchObject({
      User: `${String(runAsUser)}:${String(runAsGroup)}`,
      Entrypoint: [
        '/usr/bin/node',
        '--use-openssl-ca',
        ...runMemory,
        '/usr/lib/rego-csr-approver/rego-csr-approver.mjs',
      ],
      Cmd: ['--help'],
    });
    const allocation = Object.entries(runAllocation).map(([name, value]) => `${name}=${value}`);
    expect(config.Env).toEqual(expect.arrayContaining(allocation));
    const ports = pod.containers[0].ports.map(({ containerPort }) => `${String(containerPort)}/tcp`);
    expect(Object.keys(config.ExposedPorts)).toEqual(ports);
    expect(pod.containers[0].image).toBe(`rego-csr-approver:${version}`);
  });

  test('says what it is', () => {
    const { config, created } = configSchema.parse(json(manifest.config.digest));
    const { 'org.opencontainers.image.created': date, ...labels } = config.Labels;
    expect(Date.parse(date ?? '')).toBe(Date.parse(created));
    expect(labels).toEqual({
      'org.opencontainers.image.title': 'rego-csr-approver',
      'org.opencontainers.image.description': expect.stringContaining('kubelet-serving'),
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': expect.stringMatching(/^([0-9a-f]{40})?$/),
    });
  });

  test('is 60 MB at most to pull', () => {
    expect(statSync(layer).size / 1e6).toBeLessThan(60);
  });
});
