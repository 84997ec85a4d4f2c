/** Asks a component whether it works: one request, one connection, a bounded wait. */
import http from 'node:http';
import https from 'node:https';

const timeoutMs = 2_000;

/** The status of a GET. */
export function getStatus(url: string, options: https.RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    const outgoing = request(url, { ...options, agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', reject);
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.once('error', reject);
    outgoing.end();
  });
}
