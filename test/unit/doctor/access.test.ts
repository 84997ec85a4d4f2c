import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defaultConfig } from '../../../src/config/schema.ts';
import { lookupAccess, serving, wanted, wordsOf, type Attributes } from '../../../src/doctor/access.ts';
import { covers, grantsOf, names, type Rule } from '../../../src/doctor/rbac.ts';
import { paths, reads } from '../../../src/doctor/reads.ts';
import { lookupQuery } from '../../../src/policy/lookup-query.ts';
import { target } from './healthy.ts';

const roleSchema = z.object({
  kind: z.string(),
  metadata: z.object({ namespace: z.string().optional() }),
  rules: z
    .array(
      z.object({
        apiGroups: z.array(z.string()).default([]),
        resources: z.array(z.string()).default([]),
        resourceNames: z.array(z.string()).default([]),
        nonResourceURLs: z.array(z.string()).default([]),
        verbs: z.array(z.string()),
      }),
    )
    .default([]),
});

/** Every single permission of a file of deploy/kustomize, in words. */
function granted(file: string): string[] {
  const text = readFileSync(new URL(`../../../deploy/kustomize/${file}`, import.meta.url), 'utf8');
  const roles = parseAllDocuments(text).map((document) => roleSchema.parse(document.toJS()));
  return roles
    .flatMap(({ metadata: { namespace }, rules }) =>
      rules.flatMap(({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }) => [
        ...nonResourceURLs.flatMap((url) => verbs.map((verb) => `${verb} ${url}`)),
        ...apiGroups.flatMap((group) =>
          resources.flatMap((resource) =>
            verbs.flatMap((verb) =>
              (resourceNames.length === 0 ? [undefined] : resourceNames).map((name) => {
                const at = {
                  ...(name !== undefined && { name }),
                  ...(namespace !== undefined && { namespace }),
                };
                return wordsOf({ verb, group, resource, ...at });
              }),
            ),
          ),
        ),
      ]),
    )
    .sort();
}

const inWords = (all: readonly Attributes[]): string[] => all.map(wordsOf).sort();

test('what the program is asked about is what deploy/ grants it', () => {
  expect(inWords(wanted(target, defaultConfig))).toEqual(granted('base/rbac.yaml'));
});

test('so it is with client certificates', () => {
  const client = 'kubernetes.io/kube-apiserver-client-kubelet';
  const both = inWords(wanted(target, { ...defaultConfig, signers: [serving, client] }));
  expect(both).toEqual(
    [...granted('base/rbac.yaml'), ...granted('components/client-certificates/rbac.yaml')].sort(),
  );
});

test('what is read is what the component grants', () => {
  const read = [
    ...inWords(Object.values(reads)),
    ...Object.values(paths).map((path) => `get ${path}`),
  ].sort();
  expect(read).toEqual(granted('components/doctor/rbac.yaml'));
});

test.each([
  [
    { version: 'v1', resource: 'configmaps', namespace: 'default', name: 'addresses' },
    'get configmaps addresses in namespace default',
  ],
  [
    { version: 'v1', resource: 'configmaps', namespace: 'default', name: 'of-{node_name}' },
    'get configmaps in namespace default',
  ],
  [
    { group: 'x.io', version: 'v1', resource: 'machines', match: { 'spec.node': '{node_name}' } },
    'list machines.x.io',
  ],
  [{ group: 'x.io', version: 'v1', resource: 'machines', namespace: '{node_name}' }, 'list machines.x.io'],
])('the lookup %j needs: %s', (query, words) => {
  expect(wordsOf(lookupAccess(lookupQuery.parse(query)))).toBe(words);
});

describe('a rule', () => {
  const action = {
    verb: 'create',
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests/selfnodeserver',
    name: '',
  };
  const rule: Rule = {
    apiGroups: [action.group],
    resources: [action.resource],
    resourceNames: [],
    verbs: ['create'],
  };
  test.each<[string, Partial<Rule>, boolean]>([
    ['as it is', {}, true],
    ['of every verb', { verbs: ['*'] }, true],
    ['of every group', { apiGroups: ['*'] }, true],
    ['of every resource', { resources: ['*'] }, true],
    ['of every such subresource', { resources: ['*/selfnodeserver'] }, true],
    ['of every subresource, which is none', { resources: ['certificatesigningrequests/*'] }, false],
    ['of the resource alone', { resources: ['certificatesigningrequests'] }, false],
    ['of another verb', { verbs: ['get'] }, false],
    ['of another group', { apiGroups: [''] }, false],
    ['of one name', { resourceNames: ['x'] }, false],
  ])('%s', (_, changed, expected) => {
    expect(covers({ ...rule, ...changed }, action)).toBe(expected);
  });

  test('that names it is told from one that covers all', () => {
    expect(names(rule, action)).toBe(true);
    expect(names({ ...rule, resources: ['*'] }, action)).toBe(false);
  });

  test('counts for whoever its role is bound to', () => {
    const bindings = ['r', 'other'].map((role) => ({ name: `b-${role}`, role, subjects: [] }));
    expect(grantsOf({ roles: new Map([['r', [rule]]]), bindings }, action)).toEqual([bindings[0]]);
  });
});
