import { Budget, Budgets, type Allowance } from './budget.ts';

/** About requests of one requestor: a kubelet makes four an hour, a stolen key as many as the API server takes. */
const perRequestor: Allowance = { burst: 50, refillMs: 5_000 };

/** On one Node. */
const perNode: Allowance = { burst: 5, refillMs: 60_000 };

/** Of this process, about requests and Nodes: at most 300 a minute for long, whoever asks. */
const inAll: Allowance = { burst: 500, refillMs: 200 };

/**
 * How many Events may be written. They are kept in etcd for an hour, often beside everything else, and strangers decide
 * how many there are to be. What is not said is in the log, and is counted.
 */
export class EventLimits {
  readonly #requestors: Budgets;
  readonly #nodes: Budgets;
  readonly #all: Budget;

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#requestors = new Budgets(() => new Budget(perRequestor, now));
    this.#nodes = new Budgets(() => new Budget(perNode, now));
    this.#all = new Budget(inAll, now);
  }

  /** May there be one about a request of that user? It counts. */
  aboutRequestOf(username: string): boolean {
    return this.#requestors.take(username) && this.#all.take();
  }

  aboutNode(name: string): boolean {
    return this.#nodes.take(name) && this.#all.take();
  }
}
