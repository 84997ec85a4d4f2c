/** What RBAC grants, as far as roles and bindings of the whole cluster say. Requests are cluster-scoped: no Role counts. */

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly verbs: readonly string[];
}

export interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

export interface Binding {
  readonly name: string;
  /** ClusterRole. */
  readonly role: string;
  readonly subjects: readonly Subject[];
}

export interface Rbac {
  /** Rules by name of the ClusterRole. Those of an aggregated role are in it: the controller copies them there. */
  readonly roles: ReadonlyMap<string, readonly Rule[]>;
  readonly bindings: readonly Binding[];
}

export interface Action {
  readonly verb: string;
  readonly group: string;
  /** With its subresource, such as `certificatesigningrequests/approval`. */
  readonly resource: string;
  /** Empty: any object, which a rule with resourceNames does not grant. */
  readonly name: string;
}

/** kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go */
export function covers(rule: Rule, { verb, group, resource, name }: Action): boolean {
  const [, subresource] = resource.split('/');
  return (
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    (has(rule.resources, resource) ||
      (subresource !== undefined && rule.resources.includes(`*/${subresource}`))) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

/** Whether it is granted to that kind of thing by name, and not by a wildcard, as administrators have it. */
export function names(rule: Rule, action: Action): boolean {
  return covers(rule, action) && rule.resources.includes(action.resource) && rule.verbs.includes(action.verb);
}

const has = (list: readonly string[], one: string): boolean => list.includes('*') || list.includes(one);

/** Bindings whose role has a rule that covers the action. */
export function grantsOf({ roles, bindings }: Rbac, action: Action, by = covers): readonly Binding[] {
  const granting = new Set(
    [...roles].filter(([, rules]) => rules.some((rule) => by(rule, action))).map(([name]) => name),
  );
  return bindings.filter(({ role }) => granting.has(role));
}

/** Every node is of these groups. */
const nodeGroups: ReadonlySet<string> = new Set(['system:nodes', 'system:authenticated']);
const nodePrefix = 'system:node:';

export const isEveryNode = ({ kind, name }: Subject): boolean => kind === 'Group' && nodeGroups.has(name);

/** Name of the node that the subject alone is; undefined for any other. */
export const nodeOf = ({ kind, name }: Subject): string | undefined =>
  kind === 'User' && name.startsWith(nodePrefix) ? name.slice(nodePrefix.length) : undefined;

export const userOf = ({ kind, name, namespace }: Subject): string =>
  kind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : `${kind} ${name}`;

/** Groups that every subject of its kind is of, beside those that only its authenticator knows. */
export function groupsOf({ kind, namespace }: Subject): readonly Subject[] {
  const accounts = 'system:serviceaccounts';
  const groups = kind === 'ServiceAccount' ? [accounts, `${accounts}:${namespace}`] : [];
  return [...groups, 'system:authenticated'].map((name) => ({ kind: 'Group', name, namespace: '' }));
}
