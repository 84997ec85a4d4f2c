import { PolicyError } from '../bundle/error.ts';
import type { PollerOptions } from '../bundle/sources/poll.ts';
import { Poller } from '../bundle/sources/poll.ts';
import type { BundleSource, Fetched } from '../bundle/sources/source.ts';
import type { Activation } from './activation.ts';
import { isOfBundle, named } from './named.ts';
import type { BundleRecord } from './status.ts';
import { WatchedFiles } from './watched-files.ts';

/** The last good bundle, for a start without the network. Neither throws: it is a help, and nothing depends on it. */
interface LastGood {
  /** Undefined when there is none that can be used. */
  readonly read: () => Promise<Fetched | undefined>;
  readonly write: (fetched: Fetched) => Promise<void>;
}

export interface FeedOptions {
  readonly source: BundleSource;
  readonly delays: PollerOptions['delays'];
  readonly activation: Activation<Fetched>;
  readonly record: BundleRecord;
  /** Files that every activation reads beside the bundle: keys, data overlays. */
  readonly files: readonly string[];
  readonly lastGood?: LastGood | undefined;
  /** The source answered, be it that there is nothing new. */
  readonly answered: () => void;
  /** A bundle could not be fetched: the way to it is barred, or it is not there. @param failures in a row */
  readonly failed: (cause: unknown, failures: number) => void;
}

/** How long a start without any policy waits for the source before it takes the last good bundle. */
const patienceMs = 10_000;

/** Brings every new bundle of a source to the activation, and the same one again when files beside it have changed. */
export class PolicyFeed {
  readonly #options: FeedOptions;
  readonly #files: WatchedFiles;
  /** As the source has it now, good or bad. */
  #latest: Fetched | undefined;
  #marks = '';
  #isStopped = false;
  #poller: Poller | undefined;
  #patience: NodeJS.Timeout | undefined;
  #triedLastGood = false;
  /** The last good bundle, where it was taken: until the source gives one, it is the one to try again. */
  #kept: Fetched | undefined;
  /** Bundles of the source that are not known yet to be good or bad. */
  #proving = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Why what the source had last cannot even be read as a bundle. */
  #unreadable: string | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#files = new WatchedFiles(options.files, () => {
      if (this.#latest !== undefined) void this.#offer(this.#latest);
      else if (this.#kept !== undefined) void options.activation.offer(this.#kept);
    });
  }

  /**
   * Fetches and activates the first bundle, for sources that a person can mend and that do not come right by themselves.
   * @throws PolicyError
   */
  async first(signal: AbortSignal): Promise<void> {
    this.#marks = await this.#files.marks();
    this.#latest = await this.#fetch(undefined, signal);
    if (this.#latest === undefined) return;
    const result = await this.#options.activation.offer(this.#latest);
    if (result.kind === 'refused') throw result.cause;
  }

  /** Goes on for ever, or begins, where nothing was fetched yet. */
  start(): void {
    const { source, delays, activation } = this.#options;
    const known = this.#latest?.version;
    this.#poller = new Poller({
      source: {
        name: source.name,
        get longPolling() {
          return source.longPolling === true;
        },
        fetch: (version, signal) => this.#fetch(version, signal),
      },
      delays,
      known,
      firstDelayMs: known === undefined ? 0 : delays.minMs,
      onBundle: (fetched) => {
        this.#latest = fetched;
        this.#unreadable = undefined;
        // Not waited for: a newer one must not wait until this one has been refused.
        void this.#offer(fetched);
      },
      onUnchanged: () => {
        // It is what it was before; that it is good again is told by activating it.
        if (this.#unreadable !== undefined && this.#latest !== undefined) void this.#offer(this.#latest);
        this.#unreadable = undefined;
      },
      onError: (cause, failures) => this.#failed(cause, failures),
    });
    void this.#begin(this.#poller);
    if (activation.policies !== undefined) return;
    this.#patience = setTimeout(() => void this.#takeLastGood(), patienceMs).unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#patience);
    this.#files.stop();
    await this.#poller?.stop();
    await this.#writing;
  }

  /** Files are looked at before anything reads them: what changes later is told. */
  async #begin(poller: Poller): Promise<void> {
    const marks = this.#marks === '' ? await this.#files.marks() : this.#marks;
    if (this.#isStopped) return;
    this.#files.start(marks);
    poller.start();
  }

  /** Keeps account of the fetch. */
  async #fetch(known: string | undefined, signal: AbortSignal): Promise<Fetched | undefined> {
    const { source, record, answered } = this.#options;
    record.requested();
    const fetched = await named(source.name, () => source.fetch(known, signal));
    record.answered(fetched !== undefined, fetched?.archive?.length);
    answered();
    return fetched;
  }

  async #offer(fetched: Fetched): Promise<void> {
    const { activation, lastGood } = this.#options;
    this.#proving += 1;
    const { kind } = await activation.offer(fetched);
    this.#proving -= 1;
    if (kind === 'activated' && lastGood !== undefined) {
      // One after the other, and the newest last.
      this.#writing = this.#writing.then(() => lastGood.write(fetched));
      await this.#writing;
    }
    if (kind === 'refused') await this.#takeLastGood();
  }

  #failed(cause: unknown, failures: number): void {
    const { activation, failed } = this.#options;
    if (!isContent(cause)) failed(cause, failures);
    // What is read while it is being written is whole a moment later; what is not by then is a bundle that is no good.
    else if (failures > 1 && this.#unreadable !== cause.message) {
      this.#unreadable = cause.message;
      activation.refuse(cause);
    }
    void this.#takeLastGood();
  }

  /**
   * Once, and only where there is nothing else: whatever the source gives later replaces it. What the source has given goes
   * first, however long its proof takes: put in force behind it, the kept one would replace a newer one.
   */
  async #takeLastGood(): Promise<void> {
    const { activation, lastGood } = this.#options;
    if (lastGood === undefined || this.#triedLastGood) return;
    if (this.#proving > 0 || activation.policies !== undefined) return;
    this.#triedLastGood = true;
    const before = this.#latest;
    const kept = await lastGood.read();
    if (this.#latest !== before) {
      // One that came meanwhile is newer. It may have been refused already, so this one's turn may be now.
      this.#triedLastGood = false;
      await this.#takeLastGood();
      return;
    }
    if (kept === undefined) return;
    this.#kept = kept;
    const { kind } = await activation.offer(kept);
    // A newer one took its place in the queue, and may yet be refused.
    if (kind === 'superseded') this.#triedLastGood = false;
  }
}

/** Whether it is the bundle that is wrong, and not the way to it. */
function isContent(cause: unknown): cause is PolicyError {
  return cause instanceof PolicyError && isOfBundle(cause.code);
}
