import { Reflector } from '../../src/controller/reflector.ts';
import { CSR_PATH } from '../../src/kube/calls.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { resourceSource } from '../../src/kube/source.ts';
import { statusOf, type Condition } from '../integration/scene.ts';

interface Seen {
  readonly name: string;
  readonly conditions: readonly Condition[];
}

/** Watches every request past all proxies: what no list at the end could show, a condition that came and went. */
export class Witness {
  readonly #reflector: Reflector<Seen>;
  readonly #waiting = new Map<string, () => void>();
  readonly #violations: string[] = [];

  constructor(admin: KubeClient) {
    this.#reflector = new Reflector<Seen>({
      source: resourceSource(admin, CSR_PATH),
      project: (object) => ({ name: object.metadata.name, conditions: statusOf(object).conditions }),
      handler: {
        onUpsert: (seen, before) => this.#look(seen, before),
      },
    });
  }

  start(): Promise<void> {
    this.#reflector.start();
    return this.#reflector.whenSynced();
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }

  /** What was seen that must never be. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  isApproved(name: string): boolean {
    return this.#reflector.get(name)?.conditions.some(({ type }) => type === 'Approved') ?? false;
  }

  /** Resolves when it has been approved, however long that takes, or when nobody waits for it any longer. */
  async approved(name: string): Promise<void> {
    if (this.isApproved(name)) return;
    await new Promise<void>((resolve) => {
      this.#waiting.set(name, resolve);
    });
  }

  /** Whoever waits has waited enough. */
  giveUp(): void {
    for (const resolve of this.#waiting.values()) resolve();
    this.#waiting.clear();
  }

  #look({ name, conditions }: Seen, before: Seen | undefined): void {
    const types = conditions.map(({ type }) => type);
    if (new Set(types).size < types.length) this.#violations.push(`${name} has ${types.join(' and ')}`);
    for (const old of before?.conditions ?? []) {
      const now = conditions.find(({ type }) => type === old.type);
      if (now === undefined) this.#violations.push(`${name} has lost its condition ${old.type}`);
      else if (JSON.stringify(now) !== JSON.stringify(old))
        this.#violations.push(`${name}: condition ${old.type} was written twice`);
    }
    if (!types.includes('Approved')) return;
    this.#waiting.get(name)?.();
    this.#waiting.delete(name);
  }
}
