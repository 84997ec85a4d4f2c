import type { X509Certificate } from 'node:crypto';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';

export interface Target {
  readonly address: string;
  readonly port: number;
}

/** What a kubelet's port says for itself before anything is asked of it. */
export type Handshake =
  | {
      readonly kind: 'shown';
      readonly certificate: X509Certificate;
      /** OpenSSL's word for what is wrong with the chain; undefined: it leads to the CA, or no CA was given. */
      readonly problem: string | undefined;
    }
  /** It listens, and has no certificate. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** For a TCP connection and a handshake; a kubelet does both in milliseconds. */
const handshakeMs = 3_000;

/**
 * Opens a TLS connection and closes it: a ClientHello without a name, and no request and no credentials. Whoever answers
 * learns that somebody looked.
 * @param ca PEM; chains are not verified without
 */
export function handshaker(ca: string | undefined): (target: Target) => Promise<Handshake> {
  const secureContext = createSecureContext({ ca, minVersion: 'TLSv1.2' });
  const isVerified = ca !== undefined;
  return ({ address, port }) =>
    new Promise((resolve) => {
      const socket = connect({
        host: address,
        port,
        secureContext,
        // What is wrong is told, not refused; and which names are right is for the policy to say.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
      });
      const end = (result: Handshake): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve(result);
      };
      const timer = setTimeout(() => end({ kind: 'unreachable', reason: 'ETIMEDOUT' }), handshakeMs);
      socket.once('secureConnect', () => end(shown(socket, isVerified)));
      // A second error, of the socket that is being destroyed, must find somebody as well.
      socket.on('error', (cause) => end(failed(cause)));
      socket.once('close', () => end({ kind: 'unreachable', reason: 'ECONNRESET' }));
    });
}

function shown(socket: TLSSocket, isVerified: boolean): Handshake {
  // In TLS 1.3 a server may be anonymous only with a key that both know, and there is none.
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'unreachable', reason: 'no certificate was shown' };
  const problem = isVerified && !socket.authorized ? wordOf(socket.authorizationError) : undefined;
  return { kind: 'shown', certificate, problem };
}

/** Node.js has the code of OpenSSL here, or an error that has it. */
const wordOf = (error: unknown): string =>
  typeof error === 'string'
    ? error
    : error instanceof Error && 'code' in error
      ? String(error.code)
      : 'unknown';

/** Go answers a handshake for which it has no certificate with alert 80, internal_error (crypto/tls). */
function failed(cause: Error): Handshake {
  const code = 'code' in cause ? String(cause.code) : cause.message;
  return code === 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' || code === 'ERR_SSL_SSL/TLS_ALERT_INTERNAL_ERROR'
    ? { kind: 'refused' }
    : { kind: 'unreachable', reason: code };
}
