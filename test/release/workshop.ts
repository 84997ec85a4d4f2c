/** A maintainer's checkout of this repository, as it is here now, with a git remote and a registry of its own. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { command } from '../../deploy/image/command.ts';
import { digestOf, listTags } from '../../deploy/image/push.ts';
import { versionedFiles, withVersion } from '../../deploy/release/places.ts';
import { Registry } from '../image/registry.ts';
import { run, type RunResult } from '../tools/run.ts';

/** npm writes it last; make looks at its time. */
const marker = '.package-lock.json';
const refs = (repository: string): Promise<string> => command('git', ['-C', repository, 'for-each-ref']);
const source = new URL('../../', import.meta.url).pathname;

export class Workshop {
  readonly scratch: string;
  readonly checkout: string;
  readonly remote: string;
  readonly registry: Registry;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(scratch: string, registry: Registry) {
    this.scratch = scratch;
    this.checkout = join(scratch, 'checkout');
    this.remote = join(scratch, 'remote.git');
    this.registry = registry;
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#env = {
      ...env,
      // Whatever git is configured to do on this machine. Downloads and built tools are those of other runs.
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
      TMPDIR: scratch,
      npm_config_prefer_offline: 'true',
    };
  }

  /** @param version that the checkout has released last; its tag is `v` and that */
  static async open(version: string): Promise<Workshop> {
    const registry = await Registry.start();
    const workshop = new Workshop(mkdtempSync(join(tmpdir(), 'release-')), registry);
    const { checkout, remote } = workshop;
    mkdirSync(checkout);
    const listed = await command('git', ['-C', source, 'ls-files', '-coz', '--exclude-standard']);
    // What is deleted but not committed is still listed; `rm` in the index would be the tester's business.
    for (const file of listed.split('\0').filter((name) => name !== '')) {
      mkdirSync(dirname(join(checkout, file)), { recursive: true });
      cpSync(join(source, file), join(checkout, file));
    }
    for (const file of versionedFiles) workshop.write(file, withVersion(file, workshop.read(file), version));
    workshop.write('CHANGELOG.md', `# Changelog\n\n## Unreleased\n\n## ${version} - 2026-01-02\n\n* Old.\n`);
    await workshop.install(checkout);
    await command('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
    await workshop.git('init', '--quiet', '--initial-branch=main');
    await workshop.git('config', 'user.name', 'Maintainer');
    await workshop.git('config', 'user.email', 'maintainer@example.com');
    await workshop.git('remote', 'add', 'origin', remote);
    await workshop.commit(`Release ${version}`);
    await workshop.git('tag', '-a', '-m', version, `v${version}`);
    await workshop.git('push', '--quiet', 'origin', 'main', '--tags');
    return workshop;
  }

  async close(): Promise<void> {
    await this.registry.stop();
    rmSync(this.scratch, { recursive: true, force: true });
  }

  get repository(): string {
    return `${this.registry.host}/rego-csr-approver`;
  }

  /** Where its charts go. */
  get charts(): string {
    return `${this.registry.host}/charts/rego-csr-approver`;
  }

  read(file: string): string {
    return readFileSync(join(this.checkout, file), 'utf8');
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.checkout, file), content);
  }

  /** The packages that are installed here; links, where both are on one disk. */
  async install(checkout: string): Promise<void> {
    const [from, to] = [join(source, 'node_modules'), join(checkout, 'node_modules')];
    const script = 'cp -al "$0" "$1" 2>/dev/null || { rm -rf "$1"; cp -a "$0" "$1"; }';
    await command('sh', ['-c', script, from, to]);
    // This one is changed below: a file of its own.
    rmSync(join(to, marker));
    cpSync(join(from, marker), join(to, marker));
  }

  git(...args: string[]): Promise<string> {
    return command('git', ['-C', this.checkout, ...args], { env: this.#env });
  }

  async commit(subject: string): Promise<void> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '-m', subject);
  }

  /** A commit that changes something and says so under Unreleased. */
  async change(entry: string): Promise<void> {
    const text = this.read('CHANGELOG.md');
    this.write('CHANGELOG.md', text.replace('## Unreleased\n', `## Unreleased\n\n### Fixed\n\n* ${entry}\n`));
    await this.commit(entry);
  }

  /** The release script, with the registry of the test and a quick check instead of the whole of the tests. */
  release(version: string, more: readonly string[] = [], checkout = this.checkout): Promise<RunResult> {
    const tests = `make build && test "$(dist/rego-csr-approver --version)" = "${version}"`;
    const image = ['--image', this.repository, '--plain-http'];
    return this.script([version, '--tests', tests, ...image, ...more], checkout);
  }

  script(args: readonly string[], checkout = this.checkout): Promise<RunResult> {
    // Otherwise make would install again after each change of package.json, which here is the version alone.
    const now = new Date(Date.now() + 3_600_000);
    utimesSync(join(checkout, 'node_modules', marker), now, now);
    return run(process.execPath, ['deploy/release/main.ts', ...args], { cwd: checkout, env: this.#env });
  }

  /** Digest by tag, SBOMs left out. */
  async published(repository = this.repository): Promise<Readonly<Record<string, string>>> {
    const tags = (await listTags(repository, true)).filter((tag) => !tag.startsWith('sha256-'));
    const entries = tags.map(async (tag) => [tag, await digestOf(`${repository}:${tag}`, true)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Everything that a release can change, to see that it did not. */
  async state(): Promise<object> {
    return {
      status: await this.git('status', '--porcelain'),
      refs: await refs(this.checkout),
      remote: await refs(this.remote),
      head: await this.git('rev-parse', 'HEAD'),
      published: await this.published(),
      charts: await this.published(this.charts),
    };
  }
}
