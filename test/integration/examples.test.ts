import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { policiesPath } from '../rego/paths.ts';

/** What the lookups of examples may read, by the manifests beside them, on a real API server. */

interface Query {
  readonly group?: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}
interface Data {
  readonly csr: {
    readonly kubelet_serving: {
      readonly config: { readonly lookups?: Readonly<Record<string, { readonly query: Query }>> };
    };
  };
}

const user = 'system:serviceaccount:rego-csr-approver:rego-csr-approver';
const examples = readdirSync(policiesPath('examples'))
  .filter((name) => existsSync(policiesPath(`examples/${name}/knobs.yaml`)))
  .map((name) => {
    const file = policiesPath(`examples/${name}/knobs.yaml`);
    const { csr } = parse(readFileSync(file, 'utf8')) as Data;
    const { lookups = {} } = csr.kubelet_serving.config;
    return { name, queries: Object.values(lookups).map(({ query }) => query) };
  });

let cluster: ControlPlane;
beforeAll(async () => {
  cluster = await startControlPlane();
});
afterAll(() => cluster?.stop());

/** What the API server's authorizer says; `kubectl auth can-i` would first look for the resource. */
async function may(
  verb: string,
  { group = '', resource, namespace = '', name = '' }: Query,
): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes: { verb, group, resource, namespace, name } },
  };
  const said = await cluster.kubectl(['create', '-f', '-', '-o', 'json'], { input: JSON.stringify(review) });
  return (JSON.parse(said) as { status: { allowed: boolean } }).status.allowed;
}

test('has a manifest exactly where there is a lookup', () => {
  for (const { name, queries } of examples) {
    expect([name, existsSync(policiesPath(`examples/${name}/rbac.yaml`))]).toEqual([
      name,
      queries.length > 0,
    ]);
  }
});

describe.each(examples.filter(({ queries }) => queries.length > 0))(
  '$name/rbac.yaml',
  ({ name, queries }) => {
    const manifest = policiesPath(`examples/${name}/rbac.yaml`);

    beforeAll(async () => {
      const namespaces = parseAllDocuments(readFileSync(manifest, 'utf8')).map(
        (document) => (document.toJS() as { metadata: { namespace?: string } }).metadata.namespace,
      );
      for (const namespace of new Set(namespaces)) {
        // oxlint-disable-next-line no-await-in-loop -- one or two
        if (namespace !== undefined)
          await cluster.kubectl(['create', 'namespace', namespace]).catch(() => '');
      }
    });

    test('lets the program read what its lookup asks for, and no more', async () => {
      for (const query of queries) {
        const verb = query.name === undefined ? 'list' : 'get';
        // oxlint-disable-next-line no-await-in-loop
        expect(await may(verb, query)).toBe(false);
      }
      await cluster.kubectl(['apply', '--server-side', '--validate=strict', '-f', manifest]);
      for (const query of queries) {
        const verb = query.name === undefined ? 'list' : 'get';
        const others: readonly (readonly [string, Query])[] = [
          ['update', query],
          ['create', query],
          ['watch', query],
          [verb, { ...query, resource: 'secrets' }],
          [verb, { ...query, namespace: 'kube-system' }],
          ...(query.name === undefined ? [] : ([['get', { ...query, name: 'another' }]] as const)),
        ];
        // oxlint-disable-next-line no-await-in-loop
        expect(await may(verb, query)).toBe(true);
        for (const [other, changed] of others) {
          const everywhere =
            query.namespace === undefined && other === verb && changed.resource === query.resource;
          // oxlint-disable-next-line no-await-in-loop
          expect([other, changed, await may(other, changed)]).toEqual([other, changed, everywhere]);
        }
      }
    });
  },
);
