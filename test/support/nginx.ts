import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../../deploy/image/command.ts';
import { cacheDirectory } from '../../deploy/image/paths.ts';
import { eventually } from './eventually.ts';
import { listening } from './listening.ts';

/** That of the system, or else Debian's package, unpacked into the cache: nothing is installed, no service started. */
async function program(): Promise<string> {
  const inPackage = 'usr/sbin/nginx';
  const cached = join(cacheDirectory(), 'nginx');
  const candidates = [`/${inPackage}`, '/usr/local/sbin/nginx', join(cached, inPackage)];
  const found = candidates.find((file) => existsSync(file));
  if (found !== undefined) return found;
  mkdirSync(cacheDirectory(), { recursive: true });
  const draft = mkdtempSync(join(cacheDirectory(), '.nginx-'));
  try {
    await command('apt-get', ['download', 'nginx'], { cwd: draft });
    const [file = ''] = readdirSync(draft);
    await command('dpkg-deb', ['-x', file, 'unpacked'], { cwd: draft });
    // Another run may have been faster.
    if (!existsSync(cached)) renameSync(join(draft, 'unpacked'), cached);
  } catch (cause) {
    throw new Error(`nginx is missing. On Debian: apt-get install nginx-light\n${String(cause)}`, { cause });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return join(cached, inPackage);
}

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
    const file = await program();
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
