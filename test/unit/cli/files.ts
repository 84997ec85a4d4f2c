import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { parse, stringify } from 'yaml';
import { csrObject, type CSRObjectSpec } from '../../support/csr-object.ts';

/** A directory that is removed when the test file has ended. */
export function scratch(): (name: string, content: unknown) => string {
  const directory = mkdtempSync(join(tmpdir(), 'cli-test-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  return (name, content) => {
    const path = join(directory, name);
    const isFile = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(path, isFile ? content : stringify(content));
    return path;
  };
}

export const yaml = (spec: CSRObjectSpec = {}): string => stringify(csrObject(spec));

export const node = (name: string, ip: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid: `uid-${name}`, creationTimestamp: '2026-11-22T05:00:00Z' },
  status: {
    addresses: [
      { type: 'InternalIP', address: ip },
      { type: 'Hostname', address: name },
    ],
  },
});

/** As `kubectl get nodes -o yaml` prints several. */
export const nodes = {
  apiVersion: 'v1',
  kind: 'List',
  items: [node('n1', '10.0.0.1'), node('n2', '10.0.0.2')],
};

export const cluster = {
  api_names: ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
  api_addresses: ['10.96.0.1', '192.0.2.10'],
  service_cidrs: ['10.96.0.0/16'],
  pod_cidrs: [],
};

/** Lines of JSON, one object each. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line): Record<string, unknown> => parse(line));
