import type { CertificateRequest } from '../decide/request.ts';

/**
 * Most pending requests that are kept of one requestor. A kubelet makes four an hour, and Kubernetes' cleaner deletes
 * them after a day; a compromised node makes hundreds a second.
 */
const maxPending = 256;

/** Which requests are pending of whom, and how many of one requestor are kept: the newest, which a kubelet waits for. */
export class Requestors {
  readonly #limit: number;
  readonly #requests = new Map<string, Map<string, CertificateRequest>>();

  constructor(limit: number = maxPending) {
    this.#limit = limit;
  }

  /**
   * Takes a request in.
   * @returns the oldest one of the same requestor, where there are now too many; it may be the one just taken in
   */
  add(request: CertificateRequest): CertificateRequest | undefined {
    const mine = this.#requests.get(request.username) ?? new Map<string, CertificateRequest>();
    this.#requests.set(request.username, mine);
    // Removed first: among those of one second, in which creation times are told, the last to come is the newest.
    mine.delete(request.name);
    mine.set(request.name, request);
    return mine.size > this.#limit ? oldest(mine.values()) : undefined;
  }

  delete(request: CertificateRequest): void {
    const mine = this.#requests.get(request.username);
    mine?.delete(request.name);
    if (mine?.size === 0) this.#requests.delete(request.username);
  }

  /** Pending requests of one user. */
  of(username: string): readonly CertificateRequest[] {
    return [...(this.#requests.get(username)?.values() ?? [])];
  }
}

function oldest(requests: Iterable<CertificateRequest>): CertificateRequest | undefined {
  let found: CertificateRequest | undefined;
  for (const request of requests) {
    if (found === undefined || timeOf(request) < timeOf(found)) found = request;
  }
  return found;
}

function timeOf({ createdAt }: CertificateRequest): number {
  return createdAt?.getTime() ?? 0;
}
