/** Real helm, with a home of its own, on the chart of this repository. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../src/kube/objects.ts';
import { objectsOf } from '../integration/install.ts';
import { ensureTool } from '../tools/ensure.ts';
import { run, type RunResult } from '../tools/run.ts';

export const chart = new URL('../../deploy/chart', import.meta.url).pathname;
export const RELEASE = 'rego-csr-approver';

/** What `--values` names: a file, or what is in it. */
export type Values = string | Readonly<Record<string, unknown>>;

interface Options {
  readonly release?: string;
  readonly namespace?: string;
}

export class Helm {
  readonly #file: string;
  readonly #kubeconfig: string;
  readonly home = mkdtempSync(join(tmpdir(), 'helm-'));
  #written = 0;

  private constructor(file: string, kubeconfig: string) {
    this.#file = file;
    this.#kubeconfig = kubeconfig;
  }

  /** @param kubeconfig of the cluster; without one there is none, whatever this machine has */
  static async open(kubeconfig = '/dev/null'): Promise<Helm> {
    return new Helm(await ensureTool('helm'), kubeconfig);
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  run(...args: readonly string[]): Promise<RunResult> {
    const env = { PATH: process.env['PATH'], HOME: this.home, KUBECONFIG: this.#kubeconfig };
    return run(this.#file, args, { env, timeoutMs: 60_000 });
  }

  /** What it prints; throws what it complains of. */
  async said(...args: readonly string[]): Promise<string> {
    const result = await this.run(...args);
    if (result.kind === 'exit' && result.code === 0) return result.stdout;
    throw new Error(`helm ${args.join(' ')}: ${result.stderr}`);
  }

  /** `--values` of each. */
  flags(values: readonly Values[]): string[] {
    return values.map((one) => {
      if (typeof one === 'string') return `--values=${one}`;
      const file = join(this.home, `values-${String((this.#written += 1))}.yaml`);
      // Which is YAML too, and leaves no text that Helm's older YAML takes for a boolean.
      writeFileSync(file, JSON.stringify(one));
      return `--values=${file}`;
    });
  }

  render(values: readonly Values[], { release = RELEASE, namespace = RELEASE }: Options = {}) {
    return this.said('template', release, chart, '--namespace', namespace, ...this.flags(values));
  }

  async objects(values: readonly Values[], options?: Options): Promise<KubeObject[]> {
    return objectsOf(await this.render(values, options)).filter((one) => one !== null);
  }
}
