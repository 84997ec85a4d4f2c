/** A `go` of shell script on a PATH of its own, and the command run against it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from './tools.ts';

export type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export const opa = findTool('opa');
/** The text that the real one prints, as far as we look at it. */
export const versionText = `Version: ${opa.version.slice(1)}`;

export class Sandbox {
  readonly root = mkdtempSync(join(tmpdir(), 'tools-test-'));
  readonly bin = join(this.root, 'bin');
  readonly #cache = join(this.root, 'cache');

  constructor() {
    mkdirSync(this.bin);
  }

  /** `build` is shell text: `$2` is the file to write, `$here` the sandbox. */
  writeGo(build: string, version = '1.99.0'): void {
    const script = `
      echo build >> "$here/builds"; echo $$ > "$here/pid"; env > "$here/env"
      while [ "$1" != -o ]; do shift; done
      ${build}`;
    this.writeProgram(
      'go',
      `[ "$1" = version ] && { echo "go version go${version} any/any"; exit; }${script}`,
    );
  }

  writeProgram(name: string, script: string, dir = this.bin): string {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, name);
    writeFileSync(file, `#!/bin/sh\nPATH=/usr/bin:/bin here='${this.root}'\n${script}\n`, { mode: 0o755 });
    return file;
  }

  launch(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
      env: { PATH: this.bin, HOME: this.root, XDG_CACHE_HOME: this.#cache, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return outcome(this.launch(args, env));
  }

  get builds(): number {
    return this.read('builds').split('\n').length - 1;
  }

  read(name: string): string {
    const file = join(this.root, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** All files of the cache, relative to it. */
  cached(): readonly string[] {
    if (!existsSync(this.#cache)) return [];
    const entries = readdirSync(this.#cache, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.#cache.length + 1))
      .sort();
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export async function outcome(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

/** What a build that works writes. */
export const writesOpa = `printf '#!/bin/sh\\necho "${versionText}"\\n' > "$2"; chmod +x "$2"`;
