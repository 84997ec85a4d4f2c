import type { Registry } from '@prometheus-io/client';
import type { Listening } from './listen.ts';
import { listen } from './listen.ts';

/** One named condition of health. */
export interface HealthCheck {
  readonly name: string;
  /** Undefined when all is well, else what is wrong. */
  readonly problem: () => string | undefined;
  /** Said beside the name when all is well. */
  readonly detail?: () => string;
}

export interface HealthOptions {
  readonly address: string;
  readonly port: number;
  /** Fail when only a restart can help. */
  readonly live: readonly HealthCheck[];
  /** Fail while requests are not being decided. */
  readonly ready: readonly HealthCheck[];
  readonly registry: Registry;
  /** Called before each scrape, for gauges that are measured then. */
  readonly beforeScrape: () => void;
}

/** Serves /livez, /readyz and /metrics. Nothing on it comes from a request unescaped, and nothing can be changed by it. */
export function serveHealth(options: HealthOptions): Promise<Listening> {
  return listen((request, response) => {
    const send = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    const path = (request.url ?? '').replace(/\?.*$/, '');
    if (request.method !== 'GET' && request.method !== 'HEAD') send(405, text, 'only GET\n');
    else if (path === '/livez') send(...checked(options.live));
    else if (path === '/readyz') send(...checked(options.ready));
    else if (path === '/metrics') {
      options.beforeScrape();
      options.registry.metrics().then(
        (body) => send(200, options.registry.contentType, body),
        () => send(500, text, 'metrics could not be collected\n'),
      );
    } else send(404, text, 'there is /livez, /readyz and /metrics\n');
  }, options);
}

const text = 'text/plain; charset=utf-8';

function checked(checks: readonly HealthCheck[]): [number, string, string] {
  const lines = checks.map(({ name, problem, detail }) => ({ name, problem: problem(), detail: detail?.() }));
  const failing = lines.some((line) => line.problem !== undefined);
  const body = lines.map((line) =>
    line.problem === undefined
      ? `[+] ${line.name}${line.detail === undefined ? '' : `: ${line.detail}`}`
      : `[-] ${line.name}: ${line.problem}`,
  );
  return [failing ? 503 : 200, text, `${body.join('\n')}\n`];
}
