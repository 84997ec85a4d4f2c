/** The results of a release on this machine, and what is remembered of it; they belong to one commit. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from './release.ts';

/** `dist/release/VERSION`; what another commit left there counts as nothing. */
export class Output {
  readonly folder: string;
  readonly #head: string;

  private constructor(folder: string, head: string) {
    this.folder = folder;
    this.#head = head;
  }

  static async of({ root, version, git }: Release): Promise<Output> {
    return new Output(join(root, 'dist/release', version.text), await git.head());
  }

  /** @returns undefined for a file that is not there */
  read(name: string): string | undefined {
    return this.#current() ? this.#content(name) : undefined;
  }

  /** @returns the file's path */
  write(name: string, content: string | Uint8Array): string {
    if (!this.#current()) {
      rmSync(this.folder, { recursive: true, force: true });
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(join(this.folder, 'commit'), `${this.#head}\n`);
    }
    const file = join(this.folder, name);
    writeFileSync(file, content);
    return file;
  }

  #current(): boolean {
    return this.#content('commit') === `${this.#head}\n`;
  }

  #content(name: string): string | undefined {
    const file = join(this.folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }
}
