import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { freePort } from '../control-plane/ports.ts';
import { buildOwn } from '../tools/own.ts';
import { eventually } from './eventually.ts';

const folder = new URL('../otlp-collector', import.meta.url).pathname;
const startMs = 15_000;

const value = z.union([
  z.object({ stringValue: z.string() }).transform((one) => one.stringValue),
  z.object({ intValue: z.string() }).transform((one) => Number(one.intValue)),
  z.object({ doubleValue: z.number() }).transform((one) => one.doubleValue),
  z.object({ boolValue: z.boolean() }).transform((one) => one.boolValue),
  z
    .object({ arrayValue: z.object({ values: z.array(z.object({ stringValue: z.string() })).default([]) }) })
    .transform((one) => one.arrayValue.values.map(({ stringValue }) => stringValue)),
]);
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .default([])
  .transform((list) => Object.fromEntries(list.map((one) => [one.key, one.value])));
const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(''),
  name: z.string(),
  kind: z.int().default(0),
  startTimeUnixNano: z.string().transform(BigInt),
  endTimeUnixNano: z.string().transform(BigInt),
  attributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.int().default(0) }).default({ code: 0 }),
});
const batch = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

/** A span as a receiver has it (opentelemetry-proto trace.proto), with the attributes of its resource. */
export type ReceivedSpan = z.infer<typeof span> & { readonly resource: Record<string, unknown> };

/** The OpenTelemetry Collector's own receiver, on loopback. */
export class OtlpCollector {
  readonly httpPort: number;
  readonly grpcPort: number;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(httpPort: number, grpcPort: number) {
    this.httpPort = httpPort;
    this.grpcPort = grpcPort;
  }

  /** Builds it, the first time. */
  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector(await freePort('127.0.0.1'), await freePort('127.0.0.1'));
    await collector.restart();
    return collector;
  }

  /** On the same ports. */
  async restart(): Promise<void> {
    const program = await buildOwn(folder);
    const listen = [this.httpPort, this.grpcPort].map((port) => `127.0.0.1:${String(port)}`);
    const child = spawn(program, listen, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const before = this.#output.length;
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await eventually(() => (this.#output.slice(before).startsWith('listening\n') ? true : undefined), {
      withinMs: startMs,
      explain: () => said,
    });
  }

  /** Where OTLP over HTTP is taken. */
  get endpoint(): string {
    return `http://127.0.0.1:${String(this.httpPort)}/v1/traces`;
  }

  /** All that it has been sent. */
  get spans(): readonly ReceivedSpan[] {
    const lines = this.#output.slice(0, this.#output.lastIndexOf('\n') + 1).split('\n');
    return lines
      .filter((line) => line.startsWith('{'))
      .flatMap((line) => batch.parse(JSON.parse(line)).resourceSpans)
      .flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) => spans.map((one) => ({ ...one, resource: resource.attributes }))),
      );
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  }
}
