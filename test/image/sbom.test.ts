import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { platforms } from '../../deploy/image/platforms.ts';
import { version } from '../../src/cli/version.ts';
import { output } from './container.ts';

/** The parts of CycloneDX 1.6 that are used, as its JSON schema has them; strict, so that no invented field passes. */
const component = z.strictObject({
  type: z.enum(['library', 'application', 'container']),
  'bom-ref': z.string().min(1),
  name: z.string().min(1),
  version: z.string().min(1),
  purl: z.string().regex(/^pkg:(npm|deb|oci)\/[^@?]+(@[^?]+)?(\?\S+)?$/),
  licenses: z.tuple([z.strictObject({ expression: z.string().min(1) })]).optional(),
  hashes: z
    .tuple([
      z.union([
        z.strictObject({ alg: z.literal('SHA-256'), content: z.string().regex(/^[0-9a-f]{64}$/) }),
        z.strictObject({ alg: z.literal('SHA-512'), content: z.string().regex(/^[0-9a-f]{128}$/) }),
      ]),
    ])
    .optional(),
});
const schema = z.strictObject({
  $schema: z.literal('http://cyclonedx.org/schema/bom-1.6.schema.json'),
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  version: z.literal(1),
  metadata: z.strictObject({ timestamp: z.iso.datetime(), component }),
  components: z.array(component).min(1),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

const json = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
});
const debian = z.object({
  packages: z.array(z.object({ name: z.string(), version: z.string(), architecture: z.string() })),
});

describe.each(platforms.map(({ arch, node }) => ({ arch, node })))('the SBOM for $arch', ({ arch, node }) => {
  const sbom = schema.parse(JSON.parse(readFileSync(join(output, `sbom-${arch}.cdx.json`), 'utf8')));
  const { components } = sbom;

  test('is of this version, and every reference in it leads somewhere, once', () => {
    expect(sbom.metadata.component.version).toBe(version);
    const refs = components.map((one) => one['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(sbom.dependencies).toEqual([{ ref: sbom.metadata.component['bom-ref'], dependsOn: refs }]);
  });

  test('has each Debian package of the list', () => {
    const { packages } = debian.parse(json('deploy/image/packages.json'));
    const expected = packages
      .filter(({ architecture }) => architecture === arch || architecture === 'all')
      .map((one) => `${one.name} ${one.version}`);
    const found = components.filter(({ purl }) => purl.startsWith('pkg:deb/debian/'));
    expect(found.map((one) => `${one.name} ${one.version}`)).toEqual(expected);
  });

  test('has node and what the program bundles, as the lock file pins them, and nothing of its tools', () => {
    const { packages } = lockFile.parse(json('package-lock.json'));
    const npm = components.filter(({ purl }) => purl.startsWith('pkg:npm/'));
    const names = npm.map(({ name }) => name);
    expect(names).toContain(node);
    expect(names).toEqual(
      expect.arrayContaining(['@kubernetes/client-node', '@peculiar/x509', 'pino', 'yaml']),
    );
    expect(names.filter((name) => /^(esbuild|vitest|typescript|oxlint)/.test(name))).toEqual([]);
    for (const one of npm) {
      const pinned = Object.entries(packages).filter(([path]) => path.endsWith(`node_modules/${one.name}`));
      const hashes = pinned.map(([, { version: at, integrity = '' }]) => [
        at,
        Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex'),
      ]);
      expect(hashes).toContainEqual([one.version, one.hashes?.[0].content]);
      expect(one.licenses).toHaveLength(1);
    }
  });
});
