import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianProgram } from './debian.ts';
import { eventually } from './eventually.ts';
import { listening } from './listening.ts';

/** A real nginx on loopback. */
export class Nginx {
  readonly #process: ChildProcess;
  readonly #directory: string;
  #said = '';

  private constructor(process: ChildProcess, directory: string) {
    this.#process = process;
    this.#directory = directory;
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  /** @param servers `server {}` blocks of its configuration; the first port of them is waited for */
  static async start(servers: string, port: number): Promise<Nginx> {
    const file = await debianProgram('nginx', 'usr/sbin/nginx');
    const directory = mkdtempSync(join(tmpdir(), 'nginx-'));
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    writeFileSync(
      join(directory, 'nginx.conf'),
      `daemon off; master_process off; pid ${directory}/pid; error_log stderr warn;
events {}
http {
  ${paths.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
  log_format test escape=none '$status $request_method $uri $http_if_none_match';
  access_log ${directory}/access.log test;
  default_type application/octet-stream;
  ${servers}
}
`,
    );
    const child = spawn(file, ['-c', join(directory, 'nginx.conf'), '-p', directory, '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const nginx = new Nginx(child, directory);
    try {
      await eventually(() => listening(port), { explain: () => nginx.#said });
    } catch (error) {
      await nginx.stop();
      throw error;
    }
    return nginx;
  }

  /** Lines `STATUS METHOD PATH IF-NONE-MATCH`. */
  accesses(): string[] {
    return readFileSync(join(this.#directory, 'access.log'), 'utf8').trim().split('\n');
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
