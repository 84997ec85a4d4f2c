import { Pool } from 'undici';
import { parseJson, recordOf, type JsonRecord } from '../../src/kube/json.ts';
import { readUpstream } from '../support/upstream.ts';

export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface Sent {
  readonly status: number;
  readonly body: JsonRecord;
}

/**
 * An administrator who speaks to the API server as anybody else: thousands of identities share a few connections and
 * no certificates. The API server sees the user and groups that it would see of their own, NodeRestriction too.
 */
export class Impersonator {
  readonly #pool: Pool;

  /** @param connections requests under way at once; more wait in line */
  constructor(kubeconfig: string, connections: number) {
    const { url, ca, cert, key } = readUpstream(kubeconfig);
    const connect = { ca, ...(cert !== undefined && key !== undefined && { cert, key }) };
    this.#pool = new Pool(url.origin, { connections, connect, headersTimeout: 10_000, bodyTimeout: 10_000 });
  }

  /**
   * @param body undefined for none
   * @throws Error when there is no answer
   */
  async send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object, as?: Identity): Promise<Sent> {
    const { statusCode, body: answer } = await this.#pool.request({
      method,
      path,
      headers: {
        'content-type': 'application/json',
        ...(as && { 'impersonate-user': as.user, 'impersonate-group': [...as.groups] }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      // Thousands at once take longer.
      ...(method === 'DELETE' && { headersTimeout: 90_000 }),
    });
    return { status: statusCode, body: recordOf(parseJson(await answer.text())) };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
