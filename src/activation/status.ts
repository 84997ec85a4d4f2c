import { PolicyError } from '../bundle/error.ts';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';

/** A problem with a bundle: one of our stable codes, and what to do. */
export interface BundleProblem {
  readonly code: string;
  readonly message: string;
}

/**
 * One bundle as OPA's status API shows it (plugins/bundle/status.go of OPA 1.22): its field names, its `bundle_error` for
 * whatever went wrong, and times in RFC 3339, where the year 1 means never.
 */
export interface BundleStatus {
  readonly name: string;
  readonly type: 'snapshot';
  readonly active_revision?: string;
  readonly last_request: string;
  readonly last_successful_request: string;
  readonly last_successful_download: string;
  readonly last_successful_activation: string;
  /** Bytes of the archive that was downloaded last. */
  readonly size?: number;
  readonly code?: 'bundle_error';
  readonly message?: string;
  readonly errors?: readonly BundleProblem[];
}

/** Zero of Go's time, which OPA writes for what has not happened. */
const never = '0001-01-01T00:00:00Z';

/** Longest text of a bundle's server or of its author that is worth reading. */
const maxText = 1024;

/** What a refusal is called: our own code, or that it is none that we know. Strangers' text in it is escaped, once. */
export function problemOf(cause: unknown): BundleProblem {
  if (!(cause instanceof PolicyError))
    return { code: 'ActivationFailed', message: escapeText(messageOf(cause), maxText) };
  const { code, message } = cause;
  return {
    code,
    message: message.length > maxText ? `${message.slice(0, maxText).toWellFormed()}…` : message,
  };
}

/** Keeps account of what becomes of one bundle. */
export class BundleRecord {
  readonly #name: string;
  readonly #now: () => Date;
  #revision: string | undefined;
  #size: number | undefined;
  #times = {
    last_request: never,
    last_successful_request: never,
    last_successful_download: never,
    last_successful_activation: never,
  };
  /** Fetching and activating fail each on its own: an answer of the server does not make a bad bundle good. */
  #download: BundleProblem | undefined;
  #activation: BundleProblem | undefined;

  constructor(name: string, now: () => Date) {
    this.#name = name;
    this.#now = now;
  }

  requested(): void {
    this.#times.last_request = this.#now().toISOString();
  }

  /** @param size bytes of a new archive; undefined when the server has the same one still, or it is a directory */
  answered(isNew: boolean, size: number | undefined): void {
    this.#times.last_successful_request = this.#now().toISOString();
    this.#download = undefined;
    if (!isNew) return;
    this.#times.last_successful_download = this.#times.last_successful_request;
    this.#size = size;
  }

  unanswered(problem: BundleProblem): void {
    this.#download = problem;
  }

  /** @param revision escaped: a bundle's author chose it */
  activated(revision: string): void {
    this.#times.last_successful_activation = this.#now().toISOString();
    this.#revision = revision;
    this.#activation = undefined;
  }

  refused(problem: BundleProblem): void {
    this.#activation = problem;
  }

  /** The last thing that went wrong and has not come right since. */
  get problem(): BundleProblem | undefined {
    return this.#activation ?? this.#download;
  }

  get status(): BundleStatus {
    const problems = [this.#activation, this.#download].filter((problem) => problem !== undefined);
    const [first, second] = problems;
    return {
      name: this.#name,
      type: 'snapshot',
      ...(this.#revision !== undefined && { active_revision: this.#revision }),
      ...this.#times,
      ...(this.#size !== undefined && { size: this.#size }),
      ...(first !== undefined && {
        code: 'bundle_error',
        message: `${first.code}: ${first.message}`,
        // What cannot be read as a bundle was found so by the fetch.
        errors: first.message === second?.message ? [first] : problems,
      }),
    };
  }
}
