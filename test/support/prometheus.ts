import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { freePort } from '../control-plane/ports.ts';
import { run } from '../tools/run.ts';
import { debianProgram } from './debian.ts';
import { eventually } from './eventually.ts';
import type { Groups } from './rules.ts';

/**
 * Runs promtool; gives what it printed.
 * @param inputFile what it reads from standard input
 * @throws Error with what it printed, when it is not satisfied
 */
export async function promtool(args: readonly string[], inputFile = '/dev/null'): Promise<string> {
  const program = await debianProgram('prometheus', 'usr/bin/promtool');
  const result = await run('sh', [
    '-c',
    'input=$1; shift; exec "$0" "$@" <"$input"',
    program,
    inputFile,
    ...args,
  ]);
  const printed = `${result.stdout}${result.stderr}`;
  if (result.kind !== 'exit' || result.code !== 0) throw new Error(`promtool ${args.join(' ')}: ${printed}`);
  return printed;
}

/** One program that is scraped. */
export interface Target {
  readonly port: number;
  /** Of the pod that it stands for. */
  readonly pod: string;
}

const answer = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});
const alerts = z.object({
  data: z.object({
    alerts: z.array(z.object({ labels: z.record(z.string(), z.string()), state: z.string() })),
  }),
});
const groupsAnswer = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
      }),
    ),
  }),
});

/** A real Prometheus on loopback that scrapes, and evaluates its rules, every second. */
export class Prometheus {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #directory: string;
  #said = '';

  private constructor(process: ChildProcess, directory: string, url: string) {
    this.#process = process;
    this.#directory = directory;
    this.url = url;
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  static async start(groups: Groups): Promise<Prometheus> {
    const file = await debianProgram('prometheus', 'usr/bin/prometheus');
    const directory = mkdtempSync(join(tmpdir(), 'prometheus-'));
    const path = (name: string) => join(directory, name);
    writeFileSync(path('rules.yml'), stringify({ groups }));
    writeFileSync(path('targets.json'), '[]');
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      scrape_configs: [
        // As the PodMonitor names it.
        {
          job_name: 'rego-csr-approver',
          file_sd_configs: [{ files: ['targets.json'], refresh_interval: '1s' }],
        },
      ],
    };
    writeFileSync(path('prometheus.yml'), stringify(config));
    const address = `127.0.0.1:${String(await freePort('127.0.0.1'))}`;
    const child = spawn(
      file,
      [
        `--config.file=${path('prometheus.yml')}`,
        `--storage.tsdb.path=${path('data')}`,
        `--web.listen-address=${address}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const prometheus = new Prometheus(child, directory, `http://${address}`);
    try {
      await eventually(async () => ((await fetch(`http://${address}/-/ready`)).ok ? true : undefined), {
        explain: prometheus.log,
      });
    } catch (error) {
      await prometheus.stop();
      throw error;
    }
    return prometheus;
  }

  readonly log = (): string => this.#said;

  /** Scrapes these, and no others, from now on. */
  scrape(targets: readonly Target[]): void {
    const file = join(this.#directory, 'targets.json');
    const groups = targets.map(({ port, pod }) => ({
      targets: [`127.0.0.1:${String(port)}`],
      labels: { namespace: 'rego-csr-approver', pod },
    }));
    // Never half a file.
    writeFileSync(`${file}.new`, JSON.stringify(groups));
    renameSync(`${file}.new`, file);
  }

  /** The samples of an instant query. @throws Error with what is wrong with it */
  async query(expr: string): Promise<z.infer<typeof answer>['data']['result']> {
    const response = await fetch(
      `${this.url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`,
    );
    const text = await response.text();
    if (!response.ok) throw new Error(`${expr}: ${text}`);
    return answer.parse(JSON.parse(text)).data.result;
  }

  /** The value of a query that gives one. */
  async value(expr: string): Promise<number | undefined> {
    const [sample] = await this.query(expr);
    return sample === undefined ? undefined : Number(sample.value[1]);
  }

  /** Names of the alerts that fire, and of which series. */
  async firing(): Promise<Record<string, string>[]> {
    const response = await fetch(`${this.url}/api/v1/alerts`);
    const found = alerts.parse(await response.json()).data.alerts;
    return found.filter(({ state }) => state === 'firing').map(({ labels }) => labels);
  }

  /** Rules that could not be evaluated, and why. */
  async brokenRules(): Promise<string[]> {
    const response = await fetch(`${this.url}/api/v1/rules`);
    const { groups } = groupsAnswer.parse(await response.json()).data;
    return groups
      .flatMap(({ rules }) => rules)
      .filter(({ health }) => health !== 'ok')
      .map(({ name, health, lastError = '' }) => `${name}: ${health} ${lastError}`);
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
