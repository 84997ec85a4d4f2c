import type { BundleFiles } from '../files.ts';

/** A bundle as a source gave it: unpacked within limits, neither verified nor parsed. */
export interface Fetched {
  /** Changes when the content does: SHA-256 of the archive, or of the files of a directory, as `sha256:HEX`. */
  readonly version: string;
  readonly files: BundleFiles;
  /** As it came; undefined for a directory. What the cache keeps. */
  readonly archive: Uint8Array | undefined;
}

/** Where a bundle comes from. */
export interface BundleSource {
  /** For messages; holds no credentials. */
  readonly name: string;
  /** The server holds a request until there is something new: the next fetch needs no delay. */
  readonly longPolling?: boolean;
  /**
   * @returns undefined when it is still `known`
   * @throws PolicyError, SourceError among them; whatever it is, the next fetch may succeed
   */
  fetch(known: string | undefined, signal: AbortSignal): Promise<Fetched | undefined>;
}
