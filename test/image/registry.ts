import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { need } from '../../deploy/image/preflight.ts';
import { freePort } from '../control-plane/ports.ts';
import { eventually } from '../support/eventually.ts';
import { listening } from '../support/listening.ts';

interface RegistryOptions {
  readonly more?: string;
  /** Files. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** A real registry on loopback, with a store of its own. */
export class Registry {
  readonly host: string;
  readonly #process: ChildProcess;
  readonly #directory: string;

  private constructor(host: string, process: ChildProcess, directory: string) {
    this.host = host;
    this.#process = process;
    this.#directory = directory;
  }

  /** @param more lines of its configuration, for example who may do what */
  static async start({ more = '', tls }: RegistryOptions = {}): Promise<Registry> {
    await need(['docker-registry', 'skopeo'], (line) => console.error(line));
    const directory = mkdtempSync(join(tmpdir(), 'registry-'));
    const port = await freePort('127.0.0.1');
    const host = `127.0.0.1:${String(port)}`;
    const secure = tls === undefined ? '' : `, tls: {certificate: ${tls.certificate}, key: ${tls.key}}`;
    const config = join(directory, 'config.yml');
    writeFileSync(
      config,
      `version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: ${directory}/store}}
http: {addr: '${host}'${secure}}
${more}
`,
    );
    const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    const registry = new Registry(host, child, directory);
    try {
      await eventually(() => listening(port));
    } catch (error) {
      await registry.stop();
      throw error;
    }
    return registry;
  }

  /** The body of a GET under /v2/, whatever its type. */
  async get(path: string, accept = '*/*'): Promise<Buffer> {
    const response = await fetch(`http://${this.host}/v2/${path}`, { headers: { accept } });
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const exited = once(this.#process, 'exit');
      this.#process.kill();
      await exited;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
