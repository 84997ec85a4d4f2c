import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { Credentials } from './credentials.ts';
import { KubeError } from './errors.ts';
import { networkError } from './exchange.ts';

/** Subject alternative names of a certificate. */
export interface CertificateNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/**
 * What the API server's certificate is for, from a TLS handshake that verifies it as every request does. Behind a load
 * balancer that ends TLS it is that one's: it answers in the API server's name.
 */
export async function serverCertificateNames(
  credentials: Credentials,
  timeoutMs: number,
): Promise<CertificateNames> {
  if (credentials.proxyUrl !== undefined) {
    throw new KubeError({
      kind: 'network',
      message: 'it is not asked for through the proxy of the kubeconfig',
    });
  }
  const { tls } = await credentials.get();
  const { hostname, port } = new URL(credentials.server);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port === '' ? '443' : port),
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: tls.rejectUnauthorized !== false,
      // An address is no server name (RFC 6066 §3).
      ...(tls.servername === undefined
        ? isIP(host) === 0
          ? { servername: host }
          : {}
        : { servername: tls.servername }),
      timeout: timeoutMs,
    });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(networkError(error, false));
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error(`no TLS handshake within ${String(timeoutMs)} ms`)));
    socket.once('secureConnect', () => {
      const names = subjectAltNames(socket.getPeerX509Certificate()?.subjectAltName ?? '');
      socket.destroy();
      resolve(names);
    });
  });
}

/** Node's text of the extension: `DNS:a, IP Address:10.0.0.1`, with what has a comma or a quote as a JSON string. */
export function subjectAltNames(text: string): CertificateNames {
  const dns: string[] = [];
  const ip: string[] = [];
  for (const [, kind, value = ''] of text.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    if (kind === 'DNS' && !value.startsWith('"')) dns.push(value);
    if (kind === 'IP Address') ip.push(value);
  }
  return { dns, ip };
}
