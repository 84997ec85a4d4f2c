import { Child } from './child.ts';

/** Requests under creation at once, or Nodes. */
const atOnce = 64;

/** What was seen of requests, all on one watch. Times are Unix milliseconds. */
export interface Seen {
  /** When the first was sent. */
  readonly startedAt: number;
  readonly createdMs: number;
  readonly approvedAt: readonly number[];
  /** Milliseconds from creation to approval, both as the watch showed them. */
  readonly latencies: readonly number[];
}

/** The process beside the bench that creates Nodes and requests, and watches (`ceiling load`). */
export class Load {
  readonly #child: Child;

  constructor(ceiling: string, kubeconfig: string) {
    this.#child = new Child(ceiling, ['load', '--kubeconfig', kubeconfig]);
  }

  /** Until there are so many Nodes, each with addresses of its own. */
  async nodes(n: number): Promise<void> {
    await this.#ask({ do: 'nodes', n, atOnce });
  }

  /** Creates a request of each of so many nodes. */
  create(n: number): Promise<Seen> {
    return this.#ask({ do: 'create', n, atOnce });
  }

  /** Until the watch has shown so many. */
  async seen(n: number): Promise<void> {
    await this.#ask({ do: 'seen', n });
  }

  /** Until so many are approved. */
  approved(n: number): Promise<Seen> {
    return this.#ask({ do: 'await', n });
  }

  /** One after the other, each when the one before is approved. */
  lone(n: number): Promise<Seen> {
    return this.#ask({ do: 'lone', n });
  }

  async clear(): Promise<void> {
    await this.#ask({ do: 'clear' });
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }

  async #ask(question: object): Promise<Seen> {
    this.#child.write(JSON.stringify(question));
    const { error, ...given }: Seen & { error?: string } = JSON.parse(await this.#child.line());
    if (error !== undefined) throw new Error(error);
    return given;
  }
}
