/** The few things that a release asks of git. Nothing here forces, deletes or moves what exists. */
import { command } from '../image/command.ts';
import { ReleaseError } from './error.ts';

export interface Remote {
  /** Commit of each tag, annotated ones followed to theirs. */
  readonly tags: ReadonlyMap<string, string>;
  /** Commit by branch. */
  readonly branches: ReadonlyMap<string, string>;
}

export class Git {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Runs git; its output without the newline at the end. */
  async run(...args: string[]): Promise<string> {
    return (await command('git', ['-C', this.#root, ...args])).replace(/\n$/, '');
  }

  head(): Promise<string> {
    return this.run('rev-parse', '--verify', 'HEAD^{commit}');
  }

  /** The branch that is checked out; undefined for a detached HEAD. */
  async branch(): Promise<string | undefined> {
    const name = await this.run('branch', '--show-current');
    return name === '' ? undefined : name;
  }

  /** Paths with changes that are not committed, untracked ones too. */
  async dirty(): Promise<string[]> {
    const text = await this.run('status', '--porcelain', '-z', '--no-renames');
    return text
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => entry.slice(3));
  }

  /** A file as it is committed, to the byte. */
  committed(file: string): Promise<string> {
    return command('git', ['-C', this.#root, 'show', `HEAD:${file}`]);
  }

  /** Names of tags, of all or of those that are part of HEAD's history. */
  async tags(only: 'all' | 'merged'): Promise<string[]> {
    const text = await this.run('tag', '--list', 'v*', ...(only === 'merged' ? ['--merged', 'HEAD'] : []));
    return text.split('\n').filter((name) => name !== '');
  }

  /** The tag's commit; undefined when there is no such tag here. */
  async tagged(name: string): Promise<string | undefined> {
    const found = await this.run('for-each-ref', '--format=%(objectname)', `refs/tags/${name}`);
    return found === '' ? undefined : this.run('rev-parse', '--verify', `refs/tags/${name}^{commit}`);
  }

  /** What the remote has now; nothing is fetched. */
  async remote(name: string): Promise<Remote> {
    let text: string;
    try {
      text = await this.run('ls-remote', '--heads', '--tags', name);
    } catch (cause) {
      throw new ReleaseError('RemoteUnreachable', `the remote ${name} does not answer: ${String(cause)}`, {
        cause,
      });
    }
    const tags = new Map<string, string>();
    const branches = new Map<string, string>();
    for (const line of text.split('\n')) {
      const [commit = '', ref = ''] = line.split('\t');
      // An annotated tag has a second line, `NAME^{}`, with what it names; it comes after the first.
      if (ref.startsWith('refs/tags/'))
        tags.set(ref.slice('refs/tags/'.length).replace(/\^\{\}$/, ''), commit);
      else if (ref.startsWith('refs/heads/')) branches.set(ref.slice('refs/heads/'.length), commit);
    }
    return { tags, branches };
  }

  /** Whether HEAD has that commit in its history; false for one that is not here. */
  contains(commit: string): Promise<boolean> {
    return this.run('merge-base', '--is-ancestor', commit, 'HEAD').then(
      () => true,
      () => false,
    );
  }
}
