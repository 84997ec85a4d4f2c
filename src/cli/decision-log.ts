import { hostname } from 'node:os';
import { stdout } from 'node:process';
import { setTimeout as timer } from 'node:timers/promises';
import type { Activation } from '../activation/activation.ts';
import { Connections } from '../bundle/sources/connections.ts';
import type { Fetched } from '../bundle/sources/source.ts';
import type { DecisionLogConfig } from '../config/decision-log.ts';
import type { Config } from '../config/schema.ts';
import { conditionFor } from '../controller/reconcile.ts';
import type { Observer } from '../controller/report.ts';
import { ConsoleSink } from '../decision-log/console-sink.ts';
import { DecisionLog } from '../decision-log/decision-log.ts';
import { FileSink } from '../decision-log/file-sink.ts';
import { RotatingFile } from '../decision-log/rotating-file.ts';
import { ServiceSink } from '../decision-log/service-sink.ts';
import type { Pause, Sink, SinkName, SinkObserver } from '../decision-log/sink.ts';
import { uploader } from '../decision-log/upload.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import { version } from './version.ts';

/** The decision log of a running program. */
export interface RunningDecisionLog {
  readonly observer: Observer;
  /** Never fails: the program decides whether or not anybody hears of it. Its detail says what is lost. */
  readonly ready: HealthCheck;
  /** In the shape of OPA's status API. */
  readonly status: () => object;
  readonly measure: () => void;
  readonly stop: () => Promise<void>;
}

interface Deps {
  readonly config: Config;
  readonly activation: Activation<Fetched>;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** The API server's time. */
  readonly now: () => Date;
  readonly env: NodeJS.ProcessEnv;
}

/** For the sinks to take what is left; with that of the controller below the 30 s that Kubernetes grants a pod. */
const stopMs = 6_000;

/** Failures of one kind are said again so often. */
const sayAgainMs = 60_000;

const pause: Pause = async (ms, signal) => {
  // Rejects only when the signal is aborted.
  await timer(ms, undefined, { signal, ref: false }).catch(() => undefined);
};

export function decisionLogOf({ config, activation, metrics, log, now, env }: Deps): RunningDecisionLog {
  const { decisionLog, enforcement } = config;
  const { decisionLog: counts } = metrics;
  const sayMaskFailed = sparing((cause: unknown) =>
    log.error(
      `the rules of the policy for the decision log failed, and a line tells less: ${escapeText(messageOf(cause), 1024)}`,
    ),
  );
  const sinks = sinksOf(decisionLog, observerOf(metrics, log));
  for (const { name } of sinks) counts.expect(name);
  const decisions = new DecisionLog({
    sinks,
    labels: { ...decisionLog.labels, app: 'rego-csr-approver', id: env['POD_NAME'] ?? hostname(), version },
    rules: (signer) => {
      if (activation.policies?.signers.get(signer)?.logRules === undefined) return undefined;
      // Of the policy that is in force when it is asked, whose threads are kept until it has answered.
      return async (line) => {
        const { value } = await activation.use(
          async ({ signers }) => (await signers.get(signer)?.logRules?.ask(line)) ?? nothing,
        );
        return value;
      };
    },
    observer: {
      dropped: () => counts.dropped('policy'),
      lost: () => counts.dropped('overload'),
      maskFailed: (cause) => {
        counts.maskFailed();
        sayMaskFailed(cause);
      },
    },
    pause,
  });
  return {
    observer: {
      decided: (request, decision) => {
        const condition = conditionFor(decision.verdict.kind, config);
        const { shadow } = decision;
        decisions.take({ request, decision, at: now(), enforcement, condition, shadow });
      },
    },
    ready: { name: 'decision_log', problem: () => undefined, detail: () => detailOf(decisions) },
    status: () => statusOf(decisions),
    measure: () => {
      for (const [sink, bytes] of decisions.waiting()) counts.waiting(sink, bytes);
    },
    stop: () => decisions.stop(stopMs),
  };
}

const nothing = { drop: false, mask: [] };

function sinksOf(config: DecisionLogConfig, observer: SinkObserver): Sink[] {
  const { console, file, service } = config;
  const { random } = Math;
  const sinks: Sink[] = [];
  if (console) sinks.push(new ConsoleSink(stdout, observer));
  if (file !== undefined) {
    sinks.push(new FileSink({ file: new RotatingFile(file), path: file.path, observer, pause, random }));
  }
  if (service !== undefined) {
    const { credentials, caFile } = service;
    sinks.push(
      new ServiceSink({
        upload: uploader({
          url: new URL(`${service.url.replace(/\/+$/, '')}${service.resource}`),
          connections: new Connections({ ...credentials, caFile }, 10_000),
          bearerTokenFile: credentials.bearerTokenFile,
          userAgent: `rego-csr-approver/${version}`,
        }),
        minDelayMs: service.minDelaySeconds * 1000,
        maxDelayMs: service.maxDelaySeconds * 1000,
        uploadBytes: service.uploadSizeLimitBytes,
        bufferBytes: service.bufferSizeLimitBytes,
        observer,
        pause,
        random,
      }),
    );
  }
  return sinks;
}

/** What is lost is counted each time, and said now and then. */
function observerOf({ decisionLog: counts }: Metrics, log: Logger): SinkObserver {
  const sayFailed = bySink((sink, message: string) =>
    log.warn({ sink }, `the decision log cannot be written: ${message}`),
  );
  const sayLost = bySink((sink, reason: string) =>
    log.error({ sink, reason }, 'lines of the decision log are lost'),
  );
  return {
    written: (sink, lines) => counts.written(sink, lines),
    lost: (sink, lines, reason) => {
      counts.lost(sink, lines, reason);
      sayLost(sink, reason);
    },
    failed: (sink, { message }) => {
      counts.failed(sink);
      sayFailed(sink, escapeText(message, 1024));
    },
  };
}

function bySink<T>(say: (sink: SinkName, what: T) => void): (sink: SinkName, what: T) => void {
  const known = new Map<SinkName, (what: T) => void>();
  return (sink, what) => {
    const one = known.get(sink) ?? sparing((now: T) => say(sink, now));
    known.set(sink, one);
    one(what);
  };
}

/** At once, and then once a minute for as long as it goes on. */
function sparing<T>(say: (what: T) => void): (what: T) => void {
  let saidAt: number | undefined;
  return (what) => {
    const now = performance.now();
    if (saidAt !== undefined && now - saidAt < sayAgainMs) return;
    saidAt = now;
    say(what);
  };
}

function detailOf(decisions: DecisionLog): string {
  const problems = [...decisions.problems()].map(
    ([sink, { message }]) => `${sink}: ${escapeText(message, 1024)}`,
  );
  return problems.length === 0 ? 'no problem' : problems.join('; ');
}

/** `decision_logs` and `plugins` of OPA's status API (plugins/logs/status and plugins/status of OPA 1.22). */
function statusOf(decisions: DecisionLog): object {
  const problems = [...decisions.problems()];
  const [first] = problems;
  const said = problems.map(([sink, { message }]) => `${sink}: ${escapeText(message, 1024)}`).join('; ');
  const status = first?.[1].status;
  return {
    plugins: { decision_logs: { state: first === undefined ? 'OK' : 'ERROR' } },
    decision_logs: {
      ...(first !== undefined && { code: 'decision_log_error', message: said }),
      ...(status !== undefined && { http_code: String(status) }),
    },
  };
}
