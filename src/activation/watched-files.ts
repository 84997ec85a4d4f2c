import { stat } from 'node:fs/promises';

/**
 * Tells when any of some files has become another one: by stat, since a ConfigMap's are links that are swapped. Not before
 * they were seen twice alike: who writes one in place may not be done, and half of an overlay may be an overlay as well.
 */
export class WatchedFiles {
  readonly #paths: readonly string[];
  readonly #everyMs: number;
  readonly #changed: () => void;
  /** As they were when they were read. */
  #seen = '';
  /** As they were at the last look. */
  #last = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(paths: readonly string[], changed: () => void, everyMs = 500) {
    this.#paths = paths;
    this.#changed = changed;
    this.#everyMs = everyMs;
  }

  /** @param seen what `marks` gave before the files were read last: what has changed since is told too */
  start(seen: string): void {
    if (this.#paths.length === 0) return;
    this.#seen = seen;
    this.#again();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** What stat says of each file now. */
  async marks(): Promise<string> {
    return (await Promise.all(this.#paths.map(markOf))).join('\n');
  }

  #again(): void {
    this.#timer = setTimeout(() => void this.#look(), this.#everyMs).unref();
  }

  async #look(): Promise<void> {
    const marks = await this.marks();
    if (this.#timer === undefined) return;
    const isStill = marks === this.#last;
    this.#last = marks;
    if (isStill && marks !== this.#seen) {
      this.#seen = marks;
      this.#changed();
    }
    this.#again();
  }
}

/** One that is not there has a mark too: it may come. */
async function markOf(path: string): Promise<string> {
  const info = await stat(path, { bigint: true }).catch(() => undefined);
  return info === undefined
    ? 'none'
    : [info.dev, info.ino, info.size, info.mtimeNs, info.ctimeNs].map(String).join(' ');
}
