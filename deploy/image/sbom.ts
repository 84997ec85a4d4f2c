/** What the image is made of, as CycloneDX 1.6: bundled npm packages, Node, Debian packages. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { version } from '../../src/cli/version.ts';
import { packagesOf, readList } from './debian.ts';
import { locked } from './node-package.ts';
import { dist } from './paths.ts';
import type { Platform } from './platforms.ts';

interface Component {
  readonly type: 'library' | 'application' | 'container';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly { readonly expression: string }[];
  readonly hashes?: readonly { readonly alg: 'SHA-256' | 'SHA-512'; readonly content: string }[];
}

const bundled = z.array(
  z.object({ name: z.string(), version: z.string(), license: z.string(), path: z.string() }),
);

/** The same for the same contents: the serial number is made of them, the time is given. */
export function sbom(platform: Platform, time: number): object {
  const components = [...npmComponents(platform), ...debianComponents(platform)];
  const subject: Component = {
    type: 'container',
    'bom-ref': 'rego-csr-approver',
    name: 'rego-csr-approver',
    version,
    purl: `pkg:oci/rego-csr-approver?arch=${platform.arch}`,
    licenses: [{ expression: 'Apache-2.0' }],
  };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([subject, components]))}`,
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString().replace('.000', ''),
      component: subject,
    },
    components,
    dependencies: [
      { ref: subject['bom-ref'], dependsOn: components.map((component) => component['bom-ref']) },
    ],
  };
}

function npmComponents(platform: Platform): Component[] {
  const packages = bundled.parse(JSON.parse(readFileSync(join(dist, 'bundled.json'), 'utf8')));
  const { version: node } = locked(`node_modules/${platform.node}`);
  const all = [
    ...packages,
    { name: platform.node, version: node, license: 'MIT', path: `node_modules/${platform.node}` },
  ];
  return all.map(({ name, version: at, license, path }) => {
    const purl = `pkg:npm/${name.replace('@', '%40')}@${at}`;
    const content = Buffer.from(locked(path).integrity.replace('sha512-', ''), 'base64').toString('hex');
    return {
      type: name === platform.node ? 'application' : 'library',
      'bom-ref': purl,
      name,
      version: at,
      purl,
      licenses: [{ expression: license }],
      hashes: [{ alg: 'SHA-512', content }],
    };
  });
}

function debianComponents(platform: Platform): Component[] {
  const { suite } = readList();
  return packagesOf(platform).map(({ name, version: at, architecture, source, sha256 }) => {
    const qualifiers = `arch=${architecture}&distro=${suite}&upstream=${encodeURIComponent(source)}`;
    const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(at)}?${qualifiers}`;
    return {
      type: 'library',
      'bom-ref': purl,
      name,
      version: at,
      purl,
      hashes: [{ alg: 'SHA-256', content: sha256 }],
    };
  });
}

/** RFC 9562, version 8: bits of a hash. */
function uuidOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  const text = `${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`;
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
