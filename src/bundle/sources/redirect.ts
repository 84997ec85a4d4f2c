import { BlockList, isIP } from 'node:net';
import { escapeText } from '../../text/escape.ts';
import { SourceError } from './error.ts';
import type { Answer } from './exchange.ts';

/** HTTPS always; without TLS only on this machine, or where the content is verified by other means. */
export const mayBePlain = (url: URL, verified: boolean): boolean =>
  url.protocol === 'https:' || verified || isLoopback(url);

export function isLoopback({ hostname }: URL): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}

/** What only this machine can reach: itself by any of its names, and what answers on the link, as clouds' metadata does. */
const ownAddresses = new BlockList();
ownAddresses.addSubnet('0.0.0.0', 8);
ownAddresses.addSubnet('127.0.0.0', 8);
ownAddresses.addSubnet('169.254.0.0', 16);
ownAddresses.addSubnet('::', 127, 'ipv6');
ownAddresses.addSubnet('fe80::', 10, 'ipv6');

/** Wider than isLoopback, since it refuses: where a server of another machine must not lead us. */
export function isOwnMachine({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$|\.$/g, '');
  const version = isIP(host);
  if (version === 0) return /^(.*\.)?localhost$/.test(host);
  // The list sees IPv4 in IPv6 (::ffff:0:0/96) as IPv4.
  return ownAddresses.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

export const redirectRefused = (name: string, what: string): SourceError =>
  new SourceError('SourceRedirect', `bundle ${name}: a redirect is not followed: ${what}`);

/**
 * Where a redirect leads, when it may be followed: never from TLS to none, nor from another machine to this one, whose
 * own addresses serve what is for us alone. What a name resolves to is not looked at: what answers must be TLS of a CA
 * that we trust, or a bundle that is signed.
 * @param verified whether what comes without TLS is verified by other means
 * @throws SourceError SourceRedirect
 */
export function redirectTarget(name: string, from: URL, answer: Answer, verified: boolean): URL {
  const { location } = answer.headers;
  const to = typeof location === 'string' ? URL.parse(location, from.href) : null;
  if (to === null) throw redirectRefused(name, `a ${String(answer.status)} without a usable Location`);
  const shown = escapeText(to.origin === 'null' ? to.protocol : to.origin);
  if (to.protocol !== 'https:' && to.protocol !== 'http:') throw redirectRefused(name, `to ${shown}`);
  if (to.username !== '' || to.password !== '') {
    throw redirectRefused(name, `to ${shown} with credentials in the URL`);
  }
  if (isOwnMachine(to) && !isOwnMachine(from))
    throw redirectRefused(name, `to ${shown}, which is this machine`);
  const downgrade = to.protocol === 'http:' && from.protocol === 'https:';
  if (downgrade || !mayBePlain(to, verified)) throw redirectRefused(name, `to ${shown}, without TLS`);
  return to;
}
