import { isIP } from 'node:net';
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

export const redirectRefused = (name: string, what: string): SourceError =>
  new SourceError('SourceRedirect', `bundle ${name}: a redirect is not followed: ${what}`);

/**
 * Where a redirect leads, when it may be followed: never from TLS to none, nor from another machine to this one, whose
 * loopback addresses serve what is for us alone.
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
  if (isLoopback(to) && !isLoopback(from)) throw redirectRefused(name, `to ${shown}, which is this machine`);
  const downgrade = to.protocol === 'http:' && from.protocol === 'https:';
  if (downgrade || !mayBePlain(to, verified)) throw redirectRefused(name, `to ${shown}, without TLS`);
  return to;
}
