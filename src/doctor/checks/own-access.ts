import { escapeText } from '../../text/escape.ts';
import { keyOf, lookupAccess, program, unwanted, wanted, wordsOf, type Attributes } from '../access.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { grantsOf } from '../rbac.ts';
import { hint } from '../seen.ts';
import { command } from '../shell.ts';
import type { Review, Snapshot } from '../snapshot.ts';
import { removal } from '../unbind.ts';

/** Answers about the program, and what could not be asked. */
function answers({ target, reviews }: Snapshot, about: readonly Attributes[]) {
  const asked = about.map((attributes) => ({
    attributes,
    review: reviews.get(keyOf({ ...program(target), attributes })),
  }));
  const answered = asked.flatMap(({ attributes, review }) =>
    review !== undefined && 'value' in review ? [{ attributes, review: review.value }] : [],
  );
  const part = asked.map(({ review }) => review).find((review) => review !== undefined && 'unseen' in review);
  return { answered, unseen: part !== undefined && 'unseen' in part ? part.unseen : undefined };
}

const isAllowed = ({ review }: { readonly review: Review }): boolean => review.allowed;

export const ownAccess: Check = {
  name: 'OwnAccess',
  group: 'Permissions',
  asks: 'May the program do what it has to, and no more?',
  faults: {
    PermissionMissing: {
      severity: 'error',
      why: 'Without one of its permissions the program decides nothing, or cannot say why.',
      mend: 'Grant what the clone’s file says. `kubectl auth reconcile` only adds; an overlay with names of its own is applied again.',
    },
    PermissionExcess: {
      severity: 'warning',
      why: 'Whoever takes over the program gets what it may do, and it needs nothing of this.',
      mend: 'Take it from the ServiceAccount. The reason of the access review names the binding.',
    },
  },
  run: (snapshot) => {
    const { target, config } = snapshot;
    if ('unseen' in config) return [unknown(config.unseen)];
    const needed = answers(snapshot, wanted(target, config.value.config));
    const extra = answers(snapshot, unwanted(target, config.value.config));
    const missing = needed.answered.filter((one) => !isAllowed(one)).map(({ attributes }) => attributes);
    const results: Result[] = [];
    if (missing.length > 0) {
      const text = `${program(target).user} may not ${missing.map(wordsOf).join('; ')}`;
      results.push(fault('PermissionMissing', escapeText(text, 2048), restore(missing)));
    }
    for (const { attributes, review } of extra.answered.filter(isAllowed)) {
      const text = `${program(target).user} may ${wordsOf(attributes)} (${review.reason || 'no reason is given'})`;
      results.push(fault('PermissionExcess', escapeText(text, 512), takeAway(snapshot, attributes)));
    }
    const failed = needed.unseen ?? extra.unseen;
    if (failed !== undefined) return [...results, unknown(failed)];
    if (results.length > 0) return results;
    return [
      ok(
        `${program(target).user} has its ${String(needed.answered.length)} permissions, and none of ${String(extra.answered.length)} that lead further`,
      ),
    ];
  },
};

const base = 'deploy/kustomize/base/rbac.yaml';
const client = 'deploy/kustomize/components/client-certificates/rbac.yaml';

const isOfClient = ({ name }: Attributes): boolean => name === 'kubernetes.io/kube-apiserver-client-kubelet';

function restore(missing: readonly Attributes[]): string[] {
  const files = [...(missing.every(isOfClient) ? [] : [base]), ...(missing.some(isOfClient) ? [client] : [])];
  return files.map((file) => command('kubectl', 'auth', 'reconcile', '-f', file));
}

function takeAway({ target, rbac }: Snapshot, { verb, group, resource, name = '' }: Attributes): string[] {
  const known = hint(rbac);
  if (known === undefined) return [];
  const isOurs = ({ kind, name: subject, namespace }: { kind: string; name: string; namespace: string }) =>
    kind === 'ServiceAccount' && subject === target.serviceAccount && namespace === target.namespace;
  return grantsOf(known, { verb, group, resource, name })
    .filter(({ subjects }) => subjects.some(isOurs))
    .map((binding) => removal(binding, isOurs));
}

export const lookupAccesses: Check = {
  name: 'LookupAccess',
  group: 'Permissions',
  asks: 'May the program read the objects that its policy looks up?',
  faults: {
    LookupForbidden: {
      severity: 'error',
      why: 'A request whose lookup is forbidden is an error: it waits until the permission is there.',
      mend: 'Grant the program what its policy reads.',
    },
  },
  run: (snapshot) => {
    const { lookups, target } = snapshot;
    if ('unseen' in lookups) return [unknown(lookups.unseen)];
    const named = Object.entries(lookups.value);
    if (named.length === 0) return [ok('the policy looks up no objects')];
    const results = named.flatMap(([name, query]): Result[] => {
      const attributes = lookupAccess(query);
      const { answered, unseen } = answers(snapshot, [attributes]);
      if (unseen !== undefined) return [unknown(unseen)];
      if (answered.every(isAllowed)) return [];
      const text = `lookup ${name}: ${program(target).user} may not ${wordsOf(attributes)}`;
      return [fault('LookupForbidden', escapeText(text, 512), grant(name, attributes, snapshot))];
    });
    return results.length > 0
      ? results
      : [ok(`it may read ${named.map(([name]) => escapeText(name)).join(', ')}`)];
  },
};

function grant(
  name: string,
  { verb, group, resource, namespace }: Attributes,
  { target }: Snapshot,
): string[] {
  const role = `rego-csr-approver-lookup-${name.replaceAll('_', '-')}`;
  const what = [`--verb=${verb}`, `--resource=${group === '' ? resource : `${resource}.${group}`}`];
  const whom = `--serviceaccount=${target.namespace}:${target.serviceAccount}`;
  if (namespace === undefined) {
    return [
      command('kubectl', 'create', 'clusterrole', role, ...what),
      command('kubectl', 'create', 'clusterrolebinding', role, `--clusterrole=${role}`, whom),
    ];
  }
  const where = ['-n', namespace];
  return [
    command('kubectl', 'create', 'role', role, ...where, ...what),
    command('kubectl', 'create', 'rolebinding', role, ...where, `--role=${role}`, whom),
  ];
}
