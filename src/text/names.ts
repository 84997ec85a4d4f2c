/** Which texts can be names of Kubernetes. Such a text is bounded, and safe in a path. */

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = new RegExp(`^${label}(\\.${label})*$`);
const namespace = new RegExp(`^${label}$`);
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** DNS-1123 subdomain (apimachinery validation.IsDNS1123Subdomain): Nodes, and most objects. */
export function isSubdomain(text: string): boolean {
  return text.length <= 253 && subdomain.test(text);
}

/**
 * What an object may be called at all: one segment of a path (apimachinery path.IsValidPathSegmentName). Narrower than
 * the rule, printable ASCII of at most 253; wider than a subdomain, since Roles and their bindings are called
 * `system:node:NAME`.
 */
export function isObjectName(text: string): boolean {
  return text.length <= 253 && text !== '.' && text !== '..' && /^[!-~]+$/.test(text) && !/[/%]/.test(text);
}

/** DNS-1123 label. */
export function isNamespace(text: string): boolean {
  return text.length <= 63 && namespace.test(text);
}

/** apimachinery validation.IsValidLabelValue; the empty text is one. */
export function isLabelValue(text: string): boolean {
  return text.length <= 63 && labelValue.test(text);
}

/** apimachinery validation.IsQualifiedName: a name, and in front of it, with a slash, the domain of who defined it. */
export function isLabelKey(text: string): boolean {
  const at = text.lastIndexOf('/');
  const name = text.slice(at + 1);
  return name !== '' && isLabelValue(name) && (at < 0 || isSubdomain(text.slice(0, at)));
}
