/**
 * An API server that holds nothing: it makes objects as they are asked for, in a process of its own, so that a cluster
 * of 15,000 Nodes stands in a second, where a real API server would take an hour to fill. Speaks only what the program
 * asks. Prints its URL; its arguments are `pki.json nodes issued abandoned pending`.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { nodeObject, requestObject } from './objects.ts';

const [pki = '', ...counts] = process.argv.slice(2);
const [nodes = 0, issued = 0, abandoned = 0, pending = 0] = counts.map(Number);
const { certificate, key }: { certificate: string; key: string } = JSON.parse(readFileSync(pki, 'utf8'));

const startedAt = Date.now();
const ago = (ms: number): string => `${new Date(startedAt - ms).toISOString().slice(0, 19)}Z`;
const hour = 3_600_000;

/** Requests of this minute, signed beforehand: what is measured is not this process. */
const recent = Array.from({ length: pending }, (_, i) => requestObject(i, ago(0), 'pending'));
const approved = new Set<string>();
const watching = new Set<ServerResponse>();

type Item = object;
const requestAt = (index: number): Item => {
  if (index < recent.length) return recent[index] ?? {};
  const number = index - recent.length;
  // Ten a node in a day.
  return requestObject(
    number % Math.max(1, nodes),
    ago(hour + number * 1000),
    number < issued ? 'issued' : 'abandoned',
  );
};
const lists: Readonly<Record<string, { count: number; at: (index: number) => Item }>> = {
  '/api/v1/nodes': { count: nodes, at: (index) => nodeObject(index, ago(24 * hour)) },
  '/apis/certificates.k8s.io/v1/certificatesigningrequests': {
    count: pending + issued + abandoned,
    at: requestAt,
  },
  '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices': {
    count: 1,
    at: () => ({ metadata: meta('kubernetes'), endpoints: [{ addresses: ['192.0.2.10'] }] }),
  },
  '/apis/networking.k8s.io/v1/servicecidrs': {
    count: 1,
    at: () => ({ metadata: meta('kubernetes'), spec: { cidrs: ['10.96.0.0/16'] } }),
  },
};
const version = '200000';

function meta(name: string) {
  return { name, uid: name, resourceVersion: '1', creationTimestamp: ago(24 * hour) };
}

function list(path: string, query: URLSearchParams): object | undefined {
  const found = lists[path];
  if (found === undefined) return undefined;
  const from = Number(query.get('continue') ?? 0);
  const to = Math.min(found.count, from + Number(query.get('limit') ?? found.count));
  return {
    metadata: { resourceVersion: version, ...(to < found.count && { continue: String(to) }) },
    items: Array.from({ length: to - from }, (_, i) => found.at(from + i)),
  };
}

function object(method: string, path: string, body: string): object | undefined {
  if (path === '/version') return { gitVersion: 'v1.36.3' };
  if (path === '/api/v1/namespaces/default/services/kubernetes') {
    return { metadata: meta('kubernetes'), spec: { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'] } };
  }
  const [, number] = /^\/api\/v1\/nodes\/worker-(\d{5})\./.exec(path) ?? [];
  if (number !== undefined) return nodeObject(Number(number), ago(24 * hour));
  if (path.endsWith('/subjectaccessreviews')) return { status: { allowed: true } };
  if (method === 'PUT' && path.endsWith('/approval')) return approve(JSON.parse(body));
  return method === 'POST' ? {} : undefined;
}

/** As the API server does, tells the watches, too. */
function approve(given: { metadata: { name: string } }): object {
  approved.add(given.metadata.name);
  const metadata = { ...given.metadata, resourceVersion: String(300_000 + approved.size) };
  const line = `${JSON.stringify({ type: 'MODIFIED', object: { ...given, metadata } })}\n`;
  for (const response of watching) response.write(line);
  return { ...given, metadata };
}

function handle(request: IncomingMessage, response: ServerResponse, body: string): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost');
  if (pathname === '/approved') return void response.end(String(approved.size));
  const json = { 'content-type': 'application/json' };
  if (searchParams.get('watch') === 'true') {
    response.writeHead(200, json).flushHeaders();
    const beat = setInterval(() => {
      response.write(
        `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: version } } })}\n`,
      );
    }, 5_000);
    if (pathname.endsWith('/certificatesigningrequests')) watching.add(response);
    response.on('close', () => {
      clearInterval(beat);
      watching.delete(response);
    });
    return;
  }
  const { method = 'GET' } = request;
  const answer =
    method === 'GET'
      ? (list(pathname, searchParams) ?? object(method, pathname, body))
      : object(method, pathname, body);
  const given = answer ?? { kind: 'Status', reason: 'NotFound', message: pathname, code: 404 };
  response.writeHead(answer === undefined ? 404 : 200, json).end(JSON.stringify(given));
}

const server = createServer({ cert: certificate, key }, (request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => (body += text));
  request.on('end', () => handle(request, response, body));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null)
    console.log(`https://127.0.0.1:${String(address.port)}`);
});
// Ends with whoever started it.
process.stdin.on('end', () => {
  server.close();
  server.closeAllConnections();
});
process.stdin.resume();
