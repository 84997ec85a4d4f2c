import type { PendingFact, RequestInput } from '../decide/input.ts';
import type { CertificateRequest } from '../decide/request.ts';
import { isFinished } from '../decide/request.ts';
import { Crowd } from './crowd.ts';
import type { Waiting } from './fair-order.ts';

/** How much is kept of pending requests, of one requestor and of all. */
export interface KeptRequests {
  /** Of a node. A kubelet makes four an hour, which are deleted after a day; a compromised node makes hundreds a second. */
  readonly ofNode: number;
  /** Of anybody else: machines that bootstrap share the user of one token, and may come by the thousand. */
  readonly ofOther: number;
  /** Text of requests, in bytes of base64. A kubelet's has less than 1 KiB. */
  readonly bytes: number;
  /** Of everybody. Each takes up to 10 KB; so many are a cluster of 15,000 nodes that all ask at once. */
  readonly ofAll: number;
}

const defaults: KeptRequests = { ofNode: 256, ofOther: 4096, bytes: 4 * 1024 * 1024, ofAll: 16_384 };

/** A request that is older than this is of nobody's interest: Kubernetes' cleaner has deleted it. */
const forgetMs = 24 * 3600 * 1000;

/**
 * How much later a request must have been made to be the newer one. Each API server stamps requests by its own clock, in
 * whole seconds: of two made in short order the newer one may have the earlier time, and would wait for the older one.
 */
export const clockSkewMs = 5_000;

/** Only so recent requests count as pending: no kubelet waits for an older one, which is there for a day all the same. */
export const recentMs = 15 * 60 * 1000;

/** A request that was made further in the future was made by a clock that goes wrong. */
const futureMs = 60_000;

const minuteMs = 60_000;

interface Place extends Waiting {
  readonly request: CertificateRequest;
}

/** What is known of one requestor and one signer. */
interface Tally {
  pending: number;
  /** When the newest request was made, in milliseconds, whatever has become of it. */
  newestAt: number;
}

/**
 * Which requests are pending of whom, and how many of one requestor are kept: the newest, which a kubelet waits for.
 * Also when each requestor made its newest request, finished ones included.
 */
export class Requestors {
  readonly #limits: KeptRequests;
  readonly #requests = new Map<string, Map<string, CertificateRequest>>();
  /** Everybody's, to find whose oldest one has to go. */
  readonly #crowd = new Crowd<Place>();
  readonly #places = new Map<CertificateRequest, Place>();
  #sequence = 0;
  /** By user: length of the texts of those requests. */
  readonly #bytes = new Map<string, number>();
  readonly #tallies = new Map<string, Tally>();
  /** How many pending requests were made in each minute. */
  readonly #perMinute = new Map<number, number>();
  /** The newest of all: the clock by which requestors are forgotten. */
  #newestAt = 0;
  #sweepAt = 1024;

  constructor(limits: Partial<KeptRequests> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  /** Takes note that there is such a request, pending or not. */
  saw(request: CertificateRequest): void {
    const at = timeOf(request);
    this.#newestAt = Math.max(this.#newestAt, at);
    const tally = this.#tally(request);
    tally.newestAt = Math.max(tally.newestAt, at);
    if (this.#tallies.size > this.#sweepAt) this.#sweep();
  }

  /**
   * Takes a pending request in.
   * @returns the oldest ones of the same requestor, where there are now too many, or the oldest one of whoever has most,
   * where there are too many of all; the one just taken in may be among them
   */
  add(request: CertificateRequest): readonly CertificateRequest[] {
    this.saw(request);
    const mine = this.#requests.get(request.username) ?? new Map<string, CertificateRequest>();
    // Removed first: among those of one second, in which creation times are told, the last to come is the newest.
    const before = mine.get(request.name);
    if (before !== undefined) this.delete(before);
    this.#requests.set(request.username, mine);
    mine.set(request.name, request);
    this.#count(request, 1);
    const surplus = this.#surplus(request.username, mine);
    if (surplus.length > 0 || this.#places.size <= this.#limits.ofAll) return surplus;
    const expendable = this.#crowd.expendable();
    return expendable === undefined ? [] : [expendable.request];
  }

  /** How many pending requests are kept of all, of how many at most. */
  get kept(): { readonly now: number; readonly most: number } {
    return { now: this.#places.size, most: this.#limits.ofAll };
  }

  /** Whether less than half is kept of what may be kept of one. */
  hasRoom(username: string): boolean {
    const count = this.#requests.get(username)?.size ?? 0;
    return count < this.#limitOf(username) / 2 && (this.#bytes.get(username) ?? 0) < this.#limits.bytes / 2;
  }

  #limitOf(username: string): number {
    return username.startsWith('system:node:') ? this.#limits.ofNode : this.#limits.ofOther;
  }

  #surplus(username: string, mine: ReadonlyMap<string, CertificateRequest>): CertificateRequest[] {
    const limit = this.#limitOf(username);
    if (mine.size <= limit && (this.#bytes.get(username) ?? 0) <= this.#limits.bytes) return [];
    const rest = new Set(mine.values());
    const surplus: CertificateRequest[] = [];
    let bytes = this.#bytes.get(username) ?? 0;
    while (rest.size > limit || bytes > this.#limits.bytes) {
      const found = oldest(rest);
      if (found === undefined) break;
      rest.delete(found);
      bytes -= found.request.length;
      surplus.push(found);
    }
    return surplus;
  }

  delete(request: CertificateRequest): void {
    const { username, name, uid } = request;
    const mine = this.#requests.get(username);
    const held = mine?.get(name);
    // Another one of that name may have come in the meantime.
    if (mine === undefined || held?.uid !== uid) return;
    mine.delete(name);
    this.#count(held, -1);
    if (mine.size > 0) return;
    this.#requests.delete(username);
    this.#bytes.delete(username);
  }

  /** Takes a request of a list in, pending or not, as the controller does: no more than so many of one requestor. */
  note(request: CertificateRequest): void {
    const light = { ...request, request: '' };
    this.saw(light);
    if (isFinished(request)) return;
    for (const surplus of this.add(light)) this.delete(surplus);
  }

  /** Pending requests of one user. */
  of(username: string): readonly CertificateRequest[] {
    return [...(this.#requests.get(username)?.values() ?? [])];
  }

  /** Pending requests of everybody. */
  *all(): Generator<CertificateRequest> {
    for (const mine of this.#requests.values()) yield* mine.values();
  }

  /** The `pending` fact of a request, which counts itself, whether it was seen or not. */
  pending({ name, uid, now, signer_name: signerName, requestor, created_at }: RequestInput): PendingFact {
    const { username } = requestor;
    const mine = this.#requests.get(username) ?? new Map<string, CertificateRequest>();
    const nowAt = Date.parse(now);
    const since = nowAt - recentMs;
    let own = 0;
    for (const one of mine.values()) {
      if (one.signerName === signerName && (timeOf(one) >= since || one.uid === uid)) own += 1;
    }
    let all = 0;
    for (const [minute, count] of this.#perMinute) if ((minute + 1) * minuteMs > since) all += count;
    const itself = mine.get(name)?.uid === uid ? 0 : 1;
    const newestAt = this.#tallies.get(keyOf(signerName, username))?.newestAt ?? 0;
    return {
      requestor: own + itself,
      cluster: Math.max(all + itself, own + itself),
      newer: newestAt > Date.parse(created_at) + clockSkewMs && newestAt <= nowAt + futureMs,
    };
  }

  /** How many requestors are remembered. */
  get size(): number {
    return this.#tallies.size;
  }

  #count(request: CertificateRequest, change: 1 | -1): void {
    const { username, request: text } = request;
    this.#place(request, change);
    const minute = Math.floor(timeOf(request) / minuteMs);
    const count = (this.#perMinute.get(minute) ?? 0) + change;
    if (count === 0) this.#perMinute.delete(minute);
    else this.#perMinute.set(minute, count);
    this.#bytes.set(username, (this.#bytes.get(username) ?? 0) + change * text.length);
    this.#tally(request).pending += change;
  }

  #place(request: CertificateRequest, change: 1 | -1): void {
    const known = this.#places.get(request);
    if (change === -1) {
      if (known !== undefined) this.#crowd.delete(known);
      this.#places.delete(request);
      return;
    }
    this.#sequence += 1;
    const place = {
      request,
      group: request.username,
      priority: timeOf(request),
      sequence: this.#sequence,
    };
    this.#places.set(request, place);
    this.#crowd.add(place);
  }

  #tally({ signerName, username }: CertificateRequest): Tally {
    const key = keyOf(signerName, username);
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = { pending: 0, newestAt: 0 };
      this.#tallies.set(key, tally);
    }
    return tally;
  }

  /** Forgets who has nothing pending and was not heard of for a day; again when there are twice as many. */
  #sweep(): void {
    for (const [key, { pending, newestAt }] of this.#tallies) {
      if (pending === 0 && newestAt < this.#newestAt - forgetMs) this.#tallies.delete(key);
    }
    this.#sweepAt = Math.max(1024, 2 * this.#tallies.size);
  }
}

function keyOf(signerName: string, username: string): string {
  return `${signerName}\0${username}`;
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
