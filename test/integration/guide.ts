import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { ensureTool } from '../tools/ensure.ts';
import type { Scene } from './scene.ts';

/** Commands of a document, and what it says that they print: each `sh` block with the `text` block behind it. */
interface Example {
  readonly commands: string;
  /** `…` stands for anything within a line; alone on a line, for any lines. Undefined: nothing is promised. */
  readonly prints: string | undefined;
}

const guide = readFileSync(new URL('../../deploy/README.md', import.meta.url), 'utf8');

/** The examples below a heading, up to the next one of any depth. */
function examplesOf(heading: string): Example[] {
  const sections = guide.split(/^#+ /m).filter((section) => section.startsWith(`${heading}\n`));
  const [section = ''] = sections;
  const blocks = [...section.matchAll(/```sh\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```)?/g)];
  if (sections.length !== 1 || blocks.length === 0) throw new Error(`no single section ${heading}`);
  return blocks.map(([, commands = '', prints]) => ({ commands, prints }));
}

/** Columns are as wide as their content: blanks count as one. */
const plain = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
    .join('');

/** A text as a pattern of itself. */
const literally = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

/** Whether an output is what the document shows. */
function isAsShown(output: string, shown: string): boolean {
  const lines = plain(shown)
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      if (line === '…') return '(?:.*\n)*?';
      return `${line.split('…').map(literally).join('.*')}\n`;
    });
  return new RegExp(`^${lines.join('')}$`).test(plain(output));
}

/** Runs the guide as its reader does: in a shell, as the cluster's administrator, with the guide's variables. */
export class Reader {
  readonly #scene: Scene;
  readonly #kubectl: string;

  private constructor(scene: Scene, kubectl: string) {
    this.#scene = scene;
    this.#kubectl = kubectl;
  }

  static async of(scene: Scene): Promise<Reader> {
    return new Reader(scene, await ensureTool('kubectl'));
  }

  /**
   * Runs all commands below a heading, each block until it prints what the guide shows; gives what they printed.
   * @param variables such as `CSR`
   */
  async follow(heading: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const printed: string[] = [];
    for (const { commands, prints } of examplesOf(heading)) {
      let last = '';
      // oxlint-disable-next-line no-await-in-loop -- one after another, as one reads
      await eventually(
        async () => {
          last = await this.#run(commands, variables);
          return prints === undefined || isAsShown(last, prints) ? true : undefined;
        },
        { explain: () => `${commands}printed\n${last}and not\n${prints ?? ''}` },
      );
      printed.push(last);
    }
    return printed.join('');
  }

  /** Runs all commands below a heading once, whatever they print: for a symptom that looks otherwise than the usual. */
  async try(heading: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.#run(
      examplesOf(heading)
        .map(({ commands }) => commands)
        .join('\n'),
      variables,
    );
  }

  /** Standard output and standard error together, whatever the exit code: the guide shows refusals too. */
  #run(commands: string, variables: Readonly<Record<string, string>>): Promise<string> {
    const directory = mkdtempSync(join(this.#scene.cluster.dir, 'reader-'));
    const env = {
      PATH: [dirname(this.#kubectl), process.env['PATH']].join(delimiter),
      HOME: directory,
      KUBECONFIG: this.#scene.cluster.adminKubeconfig,
      ...variables,
    };
    return new Promise((resolve, reject) => {
      const child = spawn('sh', ['-c', `exec 2>&1\n${commands}`], {
        cwd: directory,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 30_000,
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
      child.once('error', reject);
      child.once('close', () => resolve(output));
    });
  }
}
