import { Resolver } from 'node:dns/promises';
import { parseIP } from '../csr/ip.ts';
import type { ResolutionFact } from '../decide/input.ts';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';

export interface DNSOptions {
  /** `IP` or `IP:PORT`, an IPv6 address with a port in brackets; none: those of the system. */
  readonly servers: readonly string[];
  /** For all answers about a name. */
  readonly timeoutMs: number;
}

/** Most addresses of one name. */
const maxAddresses = 64;

/** Most failures that are told of. */
const maxProblems = 3;

/** What RFC 1123 section 2.1 takes for a host name; an absolute one has a dot at its end. */
const hostName =
  /^(?=.{1,253}\.?$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\.?$/;

/**
 * Asks the DNS for the addresses of names: `dns`, one entry for each, in their order.
 *
 * That there is no such name (NXDOMAIN), or none of that kind (NODATA), is an answer; everything else is an error.
 * @throws Error when a name could not be resolved
 */
export async function resolveNames(names: readonly string[], options: DNSOptions): Promise<ResolutionFact[]> {
  const asked = [...new Set(names.map((name) => name.toLowerCase()))];
  // The library's own cache lives as long as the resolver: a new one asks anew.
  const resolver = new Resolver({ timeout: Math.ceil(options.timeoutMs / 2), tries: 2 });
  if (options.servers.length > 0) resolver.setServers(options.servers);
  const results = await Promise.allSettled(asked.map((name) => resolve(name, resolver, options.timeoutMs)));
  const problems = results.flatMap((result) =>
    result.status === 'rejected' ? [messageOf(result.reason)] : [],
  );
  if (problems.length > 0) {
    const rest = problems.length - maxProblems;
    const more = rest > 0 ? [`and ${String(rest)} more`] : [];
    throw new Error([...problems.slice(0, maxProblems), ...more].join('; '));
  }
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

async function resolve(name: string, resolver: Resolver, timeoutMs: number): Promise<ResolutionFact> {
  if (!hostName.test(name)) return { name, found: false, addresses: [] };
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    deadline.reject(problem(name, late));
    resolver.cancel();
  }, timeoutMs);
  try {
    const both = Promise.all([
      answers(name, () => resolver.resolve4(name)),
      answers(name, () => resolver.resolve6(name)),
    ]);
    const found = (await Promise.race([both, deadline.promise])).flat();
    const addresses = [...new Set(found.flatMap((text) => parseIP(text) ?? []))].sort();
    // With some of them left out, a policy could not tell that one is not the node's.
    if (addresses.length > maxAddresses)
      throw problem(name, `it has more than ${String(maxAddresses)} addresses`);
    return { name, found: addresses.length > 0, addresses };
  } finally {
    clearTimeout(timer);
  }
}

async function answers(name: string, ask: () => Promise<string[]>): Promise<string[]> {
  try {
    return await ask();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw problem(name, meanings[code] ?? messageOf(error));
  }
}

/** The library's own clock and ours may strike in either order. */
const late = 'the DNS server does not answer in time (`dns.timeoutMs`)';

/** Codes of c-ares, as node:dns tells them. */
const meanings: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the DNS server failed (SERVFAIL)',
  EREFUSED: 'the DNS server refuses to answer (REFUSED)',
  ETIMEOUT: late,
  ECANCELLED: late,
  ECONNREFUSED: 'nothing listens at the DNS server: is `dns.servers` right?',
  EBADRESP: 'the DNS server gave an answer that is none',
  EFORMERR: 'the DNS server does not understand the question (FORMERR)',
  ENOTIMP: 'the DNS server does not answer such questions (NOTIMP)',
};

function problem(name: string, what: string): Error {
  return new Error(`${escapeText(name)}: ${what}`);
}
