import { once } from 'node:events';
import { createServer as createTCP, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { handshaker } from '../../../src/audit/handshake.ts';
import { Pki, type KeyAndCertificate } from '../../control-plane/pki.ts';
import { buildCertificate, toCertificatePEM } from '../../support/certificate.ts';
import { OID, rdn } from '../../support/csr.ts';

/** Real handshakes, on loopback, where kubelets are not looked for otherwise. */

const day = 24 * 3600 * 1000;
const servers: Server[] = [];
const sockets = new Set<Socket>();
let pki: Pki;
let other: Pki;
beforeAll(async () => {
  [pki, other] = await Promise.all([Pki.create(), Pki.create()]);
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return port;
}

/** What it has received beside the handshake; nothing, unless somebody sends something. */
const received: Buffer[] = [];
const serve = ({ certificate, key }: KeyAndCertificate, options: TlsOptions = {}) =>
  listen(
    createServer({ cert: certificate, key, ...options }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => received.push(data));
    }),
  );
const certificate = (
  from: Pki,
  more: { validity?: { notBefore: Date; notAfter: Date }; usage?: 'client' } = {},
) =>
  from.issue({
    commonName: 'system:node:n1',
    organizations: ['system:nodes'],
    names: ['n1'],
    usage: more.usage ?? 'server',
    validity: more.validity,
  });
const shake = (port: number, ca: string | undefined = pki.certificate) =>
  handshaker(ca)({ address: '127.0.0.1', port });
const between = (from: number, to: number) => ({
  validity: { notBefore: new Date(Date.now() + from), notAfter: new Date(Date.now() + to) },
});

describe('a certificate', () => {
  test.each<[string, () => Promise<KeyAndCertificate>, string | undefined]>([
    ['of the CA', () => certificate(pki), undefined],
    [
      'of another CA of the same name',
      () => certificate(other),
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE',
    ],
    ['that has expired', () => certificate(pki, between(-2 * day, -day)), 'CERT_HAS_EXPIRED'],
    ['that is not valid yet', () => certificate(pki, between(day, 2 * day)), 'CERT_NOT_YET_VALID'],
    ['for clients', () => certificate(pki, { usage: 'client' }), 'INVALID_PURPOSE'],
    [
      'signed by itself',
      async () => ({ certificate: other.certificate, key: other.key }),
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ],
  ])('%s', async (_, make, problem) => {
    const answer = await shake(await serve(await make()));
    expect(answer).toMatchObject({ kind: 'shown' });
    const said = answer.kind === 'shown' ? answer.problem : undefined;
    if (problem === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(new RegExp(`^(${problem})$`));
  });

  test('with the CA that made it behind it, as a kubelet signs its own', async () => {
    const { certificate: leaf, key } = await certificate(other);
    // Of another name than the CA that made these: a kubelet calls its own NAME-ca@TIME.
    const ca = toCertificatePEM(buildCertificate({ subject: [rdn(OID.commonName, 'cluster')] })).toString();
    const port = await serve({ certificate: `${leaf}\n${other.certificate}`, key });
    const answer = await shake(port, ca);
    expect(answer).toMatchObject({ kind: 'shown', problem: 'SELF_SIGNED_CERT_IN_CHAIN' });
  });

  test('is shown unverified where there is no CA', async () => {
    const port = await serve(await certificate(other));
    expect(await handshaker(undefined)({ address: '127.0.0.1', port })).toMatchObject({
      kind: 'shown',
      problem: undefined,
    });
  });

  test('in TLS 1.2', async () => {
    const port = await serve(await certificate(pki), { maxVersion: 'TLSv1.2' });
    expect(await shake(port)).toMatchObject({ kind: 'shown', problem: undefined });
  });

  test('where clients are asked for theirs', async () => {
    const port = await serve(await certificate(pki), { requestCert: true, rejectUnauthorized: false });
    expect(await shake(port)).toMatchObject({ kind: 'shown' });
  });
});

const answering = (bytes: Buffer) =>
  listen(createTCP((socket) => socket.once('data', () => socket.end(bytes))));

describe('no certificate', () => {
  test('since it has none: the alert of Go', async () => {
    expect(await shake(await answering(Buffer.from('15030300020250', 'hex')))).toEqual({ kind: 'refused' });
  });

  test.each<[string, () => Promise<number>, RegExp]>([
    ['another alert', () => answering(Buffer.from('15030300020228', 'hex')), /^ERR_SSL_.*HANDSHAKE_FAILURE$/],
    ['no TLS', () => answering(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), /^ERR_SSL_/],
    ['hung up', () => listen(createTCP((socket) => socket.destroy())), /^ECONNRESET$/],
    ['silence', () => listen(createTCP(() => undefined)), /^ETIMEDOUT$/],
    [
      'nobody there',
      async () => {
        const server = createTCP();
        const port = await listen(server);
        await new Promise((closed) => server.close(closed));
        return port;
      },
      /^ECONNREFUSED$/,
    ],
  ])('%s', async (_, start, reason) => {
    const answer = await shake(await start());
    expect(answer).toEqual({ kind: 'unreachable', reason: expect.stringMatching(reason) });
  });
});

test('nothing was sent to anybody but a handshake', () => {
  expect(received).toEqual([]);
});
