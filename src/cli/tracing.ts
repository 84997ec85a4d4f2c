import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracing } from '../observe/tracing.ts';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import { CommandError } from './error.ts';
import { version } from './version.ts';

/** A receiver that is away is complained of so often. */
const repeatMs = 60_000;

export interface TracingDeps {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly env: NodeJS.ProcessEnv;
}

/** Undefined where none is configured: then OpenTelemetry's SDK is not even read. */
export async function tracingOf(
  config: Config,
  { log, metrics, env }: TracingDeps,
): Promise<Tracing | undefined> {
  if (config.tracing === undefined) return undefined;
  for (const result of ['sent', 'failed', 'dropped']) metrics.spans.inc({ result }, 0);
  const { endpoint, samplingRatio, headersFile, caFile } = config.tracing;
  let complainedAt = -Infinity;
  try {
    // A file of its own in the build (deploy/program/build.ts), so that it is read only now.
    const { startTracing } = await import('../tracing/opentelemetry.ts');
    return startTracing({
      endpoint,
      samplingRatio,
      headersFile,
      caFile,
      version,
      resource: resourceOf(env),
      told: (result, spans) => metrics.spans.inc({ result }, spans),
      failed: (cause) => {
        const now = performance.now();
        if (now - complainedAt < repeatMs) return;
        complainedAt = now;
        log.warn({ endpoint }, `spans could not be sent: ${escapeText(messageOf(cause))}`);
      },
    });
  } catch (cause) {
    const message = `tracing cannot be begun: ${messageOf(cause)}: correct \`tracing\` of the configuration, or leave it out`;
    throw new CommandError('TracingFailed', message, { cause });
  }
}

/** Semantic conventions of OpenTelemetry for resources. */
function resourceOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const { POD_NAME: pod, POD_NAMESPACE: namespace } = env;
  return {
    'service.name': 'rego-csr-approver',
    'service.version': version,
    'service.instance.id': pod ?? hostname(),
    ...(pod !== undefined && { 'k8s.pod.name': pod }),
    ...(namespace !== undefined && { 'k8s.namespace.name': namespace }),
  };
}
