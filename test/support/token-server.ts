import { randomUUID, sign, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { KeyAndCertificate } from '../control-plane/pki.ts';
import { WebServer } from './web-server.ts';

const scopeSchema = z.tuple([z.literal('repository'), z.string(), z.string()]);

/**
 * Gives tokens as registries with an authorization service want them (distribution, "Token Authentication
 * Implementation"): to read to anybody, to write to whoever has the password.
 */
export function startTokenServer(
  signer: KeyAndCertificate,
  service: string,
  password: string,
): Promise<WebServer> {
  const basic = `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
  return WebServer.start((_, response, { url, headers, body }) => {
    const { searchParams: query } = new URL(url, 'http://localhost');
    const given = new URLSearchParams([...query, ...new URLSearchParams(body)]);
    const known = headers.authorization === basic || given.get('password') === password;
    if (headers.authorization !== undefined && !known) return void response.writeHead(401).end();
    const access = given.getAll('scope').flatMap((scopes) =>
      scopes.split(' ').map((text) => {
        const [type, name, actions] = scopeSchema.parse(text.split(':'));
        return { type, name, actions: actions.split(',').filter((action) => known || action === 'pull') };
      }),
    );
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'test', sub: known ? 'me' : '', aud: service, jti: randomUUID(), access };
    const token = jwt({ ...claims, nbf: now - 60, iat: now, exp: now + 300 }, signer);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token, access_token: token }));
  });
}

function jwt(claims: object, { certificate, key }: KeyAndCertificate): string {
  const header = { typ: 'JWT', alg: 'ES256', x5c: [new X509Certificate(certificate).raw.toString('base64')] };
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
