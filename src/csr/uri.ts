/**
 * URIs that Go's net/url takes apart and puts together again without changing them: the certificate carries
 * what it puts together. Lower-case scheme; a host of plain labels and a path, or a path without a slash at
 * its head; no user, port, query, fragment, percent-encoding or brackets. No kubelet sends a URI at all.
 */
const WITH_HOST = /^[a-z][a-z\d+.-]*:\/\/(?<host>[\w.-]+)(?:\/[\w.~!$&'()*+,;=:@/-]*)?$/;
const OPAQUE = /^[a-z][a-z\d+.-]*:[\w.~!$&'()*+,;=:@-][\w.~!$&'()*+,;=:@/-]*$/;

/** Go before 1.25.6 wanted hosts of DNS lengths (RFC 1035 §2.3.4), none of its labels empty. */
const plainHost = (host: string): boolean =>
  host.length <= 253 && host.split('.').every((label) => label.length >= 1 && label.length <= 63);

export function isCanonicalURI(text: string): boolean {
  const host = WITH_HOST.exec(text)?.groups?.['host'];
  return host === undefined ? OPAQUE.test(text) : plainHost(host);
}
