import type { PendingFact, RequestInput } from '../decide/input.ts';
import type { CertificateRequest } from '../decide/request.ts';
import { isFinished } from '../decide/request.ts';
import { clockSkewMs, recentMs } from '../controller/requestors.ts';

/** How many creation times are kept of one requestor, the newest. */
const kept = 256;

interface Tally {
  /** Of all its requests, in milliseconds. */
  readonly all: number[];
  readonly pending: { readonly at: number; readonly uid: string }[];
}

/**
 * The fact `pending` at any moment of the last day, which the controller's own counter cannot tell: a request that was
 * decided an hour ago must not look as if it had been overtaken by what its node asked for since.
 */
export class PendingThen {
  readonly #tallies = new Map<string, Tally>();
  /** Creation times of everybody's pending requests, sorted; made when it is first asked for. */
  #everybody: number[] | undefined;

  note(request: CertificateRequest): void {
    const at = request.createdAt?.getTime() ?? 0;
    const key = keyOf(request.signerName, request.username);
    const tally = this.#tallies.get(key) ?? { all: [], pending: [] };
    this.#tallies.set(key, tally);
    tally.all.push(at);
    if (!isFinished(request)) tally.pending.push({ at, uid: request.uid });
    if (tally.all.length >= 2 * kept) tally.all.sort((a, b) => b - a).length = kept;
    if (tally.pending.length >= 2 * kept) tally.pending.sort((a, b) => b.at - a.at).length = kept;
    this.#everybody = undefined;
  }

  /** As it was at `now` of the document, of the requests that are still there. */
  at({ now, uid, created_at, signer_name, requestor }: RequestInput): PendingFact {
    const nowAt = Date.parse(now);
    const createdAt = Date.parse(created_at);
    const since = nowAt - recentMs;
    const { all, pending } = this.#tallies.get(keyOf(signer_name, requestor.username)) ?? nobody;
    const itself = pending.some((one) => one.uid === uid) ? 0 : 1;
    const own = pending.filter((one) => one.uid === uid || (one.at >= since && one.at <= nowAt)).length;
    const everybody = this.#sorted();
    const between = lowerBound(everybody, nowAt + 1) - lowerBound(everybody, since);
    return {
      requestor: own + itself,
      cluster: Math.max(between, own) + itself,
      newer: all.some((at) => at > createdAt + clockSkewMs && at <= nowAt),
    };
  }

  #sorted(): number[] {
    this.#everybody ??= [...this.#tallies.values()]
      .flatMap(({ pending }) => pending.map(({ at }) => at))
      .sort((a, b) => a - b);
    return this.#everybody;
  }
}

const nobody: Tally = { all: [], pending: [] };

/** How many of the sorted numbers are less than that. */
function lowerBound(sorted: readonly number[], least: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? Infinity) < least) from = middle + 1;
    else to = middle;
  }
  return from;
}

const keyOf = (signerName: string, username: string): string => `${signerName}\0${username}`;
