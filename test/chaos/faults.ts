import type { Fault, Passing } from '../support/fault.ts';

export type NamedFaults = Readonly<Record<string, Fault>>;

const status = (code: number, retryAfter?: string): Fault => ({
  kind: 'status',
  status: code,
  ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }),
});

/** What may become of any request. A hanging one costs its whole deadline, so it has scenarios of its own. */
export const anyFault: NamedFaults = {
  '429': status(429),
  '429 with Retry-After': status(429, '1'),
  '500': status(500),
  '503': status(503),
  '503 with Retry-After': status(503, '1'),
  'a page of HTML with 200': { kind: 'html' },
  garbage: { kind: 'garbage' },
  'half an answer': { kind: 'truncate', bytes: 40 },
  'a reset': { kind: 'reset' },
  'a delay': { kind: 'delay', ms: 1500 },
  'a 404 of a proxy': status(404),
};

/** What may become of a write besides: it arrived, and nobody says so. */
export const writeFault: NamedFaults = {
  ...anyFault,
  'a lost answer': { kind: 'lost-answer' },
  'a conflict that is none': status(409),
};

/** 401 is answered by fresh credentials, of which there may be none. */
export const unauthorized: NamedFaults = { '401': status(401) };

/** Meets requests of one part with each fault in turn, and lets as many pass in between as it is told to. */
export class FaultPlan {
  readonly #isPart: (request: Passing) => boolean;
  readonly #left: [string, Fault][];
  readonly #passEvery: number;
  readonly met: string[] = [];
  #number = 0;

  /** @param times how often each fault is met @param between requests that pass untouched after each */
  constructor(
    isPart: (request: Passing) => boolean,
    faults: NamedFaults,
    { times = 2, between = 1 }: { times?: number; between?: number } = {},
  ) {
    this.#isPart = isPart;
    this.#left = Array.from({ length: times }, () => Object.entries(faults)).flat();
    this.#passEvery = between + 1;
  }

  readonly next = (request: Passing): Fault | undefined => {
    if (!this.#isPart(request)) return undefined;
    this.#number += 1;
    if (this.#number % this.#passEvery !== 0) return undefined;
    const first = this.#left.shift();
    if (first === undefined) return undefined;
    this.met.push(first[0]);
    return first[1];
  };

  get left(): number {
    return this.#left.length;
  }
}

const path = ({ url }: Passing): string => url.replace(/\?.*$/, '');

export const isApproval = (request: Passing): boolean =>
  request.method === 'PUT' && path(request).endsWith('/approval');
export const isReview = (request: Passing): boolean =>
  request.method === 'POST' && path(request).endsWith('/subjectaccessreviews');
export const isNodeGet = (request: Passing): boolean =>
  request.method === 'GET' && /\/nodes\/[^/]+$/.test(path(request));
export const isWatch = ({ watch }: Passing): boolean => watch;
/** Of requests and Nodes, and of what says where the API server is. */
export const isList = (request: Passing): boolean =>
  request.method === 'GET' &&
  !request.watch &&
  /\/(certificatesigningrequests|nodes|endpointslices|servicecidrs)$/.test(path(request));
/** The Lease of the election. */
export const isLease = (request: Passing): boolean => path(request).includes('/leases');
export const isEvent = (request: Passing): boolean =>
  request.method === 'POST' && path(request).endsWith('/events');
