import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { need } from '../../deploy/image/preflight.ts';
import { freePort } from '../control-plane/ports.ts';
import { eventually } from '../support/eventually.ts';

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

  static async start(): Promise<Registry> {
    await need(['docker-registry', 'skopeo'], (line) => console.error(line));
    const directory = mkdtempSync(join(tmpdir(), 'registry-'));
    const host = `127.0.0.1:${String(await freePort('127.0.0.1'))}`;
    const config = join(directory, 'config.yml');
    writeFileSync(
      config,
      `version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: ${directory}/store}}
http: {addr: '${host}'}
`,
    );
    const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    const registry = new Registry(host, child, directory);
    try {
      await eventually(async () => (await fetch(`http://${host}/v2/`)).status === 200 || undefined);
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
