import type { CertificateRequest } from '../decide/request.ts';
import type { Logger } from '../observe/log.ts';
import { identify } from './report.ts';
import type { Requestors } from './requestors.ts';

export interface IntakeActions {
  readonly log: Logger;
  /** There was no room for a request of all. */
  readonly dropped: () => void;
  /** Is kept, and to be decided. */
  readonly taken: (request: CertificateRequest) => void;
  /** Is not kept any longer, by whoever watches it. */
  readonly drop: (request: CertificateRequest) => void;
  /** Whoever watches is to list again: only the API server knows what was let go. */
  readonly relist: () => void;
}

/** Takes pending requests in, lets go of those that there is no room for, and has these listed again when there is. */
export class Intake {
  readonly #requestors: Requestors;
  readonly #actions: IntakeActions;
  /** Requests were let go because there were too many of all. */
  #shedding = false;
  /** Users of whom there were more than are kept of one, each of which somebody may wait for. */
  readonly #crowded = new Set<string>();

  constructor(requestors: Requestors, actions: IntakeActions) {
    this.#requestors = requestors;
    this.#actions = actions;
  }

  take(request: CertificateRequest): void {
    const { log, dropped, taken, drop } = this.#actions;
    const surplus = this.#requestors.add(request);
    if (!surplus.some(({ uid }) => uid === request.uid)) taken(request);
    for (const one of surplus) {
      if (this.#requestors.kept.now > this.#requestors.kept.most) {
        dropped();
        if (!this.#shedding) log.warn(identify(one), 'too many requests are pending: some are put off');
        this.#shedding = true;
      } else {
        log.debug(identify(one), 'newer requests of the same requestor are kept instead');
        // A kubelet waits for its newest one; of others each may be another machine's.
        if (!isNodeUser(one.username)) this.#crowded.add(one.username);
      }
      drop(one);
    }
  }

  /** One is gone. What there was no room for is listed when half of it is free again. */
  forget(request: CertificateRequest): void {
    this.#requestors.delete(request);
    const { now, most } = this.#requestors.kept;
    const ofAll = this.#shedding && now < most / 2;
    const ofOne = this.#crowded.has(request.username) && this.#requestors.hasRoom(request.username);
    if (!ofAll && !ofOne) return;
    if (ofAll) this.#shedding = false;
    if (ofOne) this.#crowded.delete(request.username);
    this.#actions.relist();
  }
}

/** A node has one request that it waits for; other users may be many machines that share a token. */
export function isNodeUser(username: string): boolean {
  return username.startsWith('system:node:');
}
