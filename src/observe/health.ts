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

/**
 * Serves /livez, /readyz and /metrics. Nothing on it comes from a request unescaped, and nothing can be changed by it. As
 * with Kubernetes' own components, `/livez/NAME` is one check, and `?exclude=NAME` leaves one out; each is always a line.
 */
export function serveHealth(options: HealthOptions): Promise<Listening> {
  return listen((request, response) => {
    const send = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
    const [, probe, name] = /^\/(livez|readyz)(?:\/([a-z_-]+))?$/.exec(path) ?? [];
    if (request.method !== 'GET' && request.method !== 'HEAD') send(405, text, 'only GET\n');
    else if (probe !== undefined) {
      send(...asked(probe === 'livez' ? options.live : options.ready, name, query));
    } else if (path === '/metrics') {
      options.beforeScrape();
      options.registry.metrics().then(
        (body) => send(200, options.registry.contentType, body),
        () => send(500, text, 'metrics could not be collected\n'),
      );
    } else send(404, text, 'there is /livez, /readyz and /metrics\n');
  }, options);
}

const text = 'text/plain; charset=utf-8';

/** @param name of the one check that is asked for @param query of the URL */
function asked(
  checks: readonly HealthCheck[],
  name: string | undefined,
  query: string,
): [number, string, string] {
  if (name !== undefined) {
    const found = checks.filter((check) => check.name === name);
    const names = checks.map((check) => check.name).join(', ');
    return found.length === 0 ? [404, text, `there is ${names}\n`] : checked(found);
  }
  const excluded = new URLSearchParams(query).getAll('exclude');
  const [status, type, body] = checked(checks.filter((check) => !excluded.includes(check.name)));
  // Kubernetes' components only warn of it, too: a probe must not fail because of a check that is gone.
  const unknown = excluded.some((one) => !checks.some((check) => check.name === one));
  return [status, type, unknown ? `${body}warning: a check that is to be excluded is not there\n` : body];
}

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
