import { z } from 'zod';
import { escapeText } from '../../text/escape.ts';
import { credentialFor, type RegistryCredential } from './docker-config.ts';
import { SourceError } from './error.ts';
import type { OciReference } from './oci-reference.ts';
import { isLoopback, isOwnMachine } from './redirect.ts';
import { refuseStatus, type Web } from './web.ts';

const tokenLimit = 64 * 1024;
export const credentialsHint = 'see credentials.dockerConfigFile';

const tokenAnswer = z.looseObject({ token: z.string().optional(), access_token: z.string().optional() });

/**
 * Who we are for a registry: nobody, until it asks; then by password, or by a token that another service gives for one
 * (distribution specification, "Token Authentication").
 */
export class RegistryAuth {
  readonly #name: string;
  readonly #registry: URL;
  readonly #repository: string;
  readonly #web: Web;
  readonly #dockerConfigFile: string | undefined;
  #authorization: string | undefined;

  constructor(name: string, reference: OciReference, web: Web, dockerConfigFile: string | undefined) {
    this.#name = name;
    this.#registry = new URL(reference.origin);
    this.#repository = reference.repository;
    this.#web = web;
    this.#dockerConfigFile = dockerConfigFile;
  }

  /** For the next request, as far as is known. */
  get authorization(): string | undefined {
    return this.#authorization;
  }

  /** Answers a 401. The file is read now, so that what was rotated is seen. */
  async renew(challenge: string | string[] | undefined, signal: AbortSignal): Promise<void> {
    this.#authorization = undefined;
    const challenges = parseChallenges([challenge ?? []].flat().join(', '));
    const file = this.#dockerConfigFile;
    const credential =
      file === undefined ? undefined : await credentialFor(file, this.#registry.host, this.#repository);
    if (credential !== undefined && this.#registry.protocol === 'http:' && !isLoopback(this.#registry)) {
      const text = `bundle ${this.#name}: credentials are not sent without TLS: use oci://`;
      throw new SourceError('SourceInsecure', text);
    }
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) {
      this.#authorization = `Bearer ${await this.#token(bearer.parameters, credential, signal)}`;
    } else if (credential?.kind === 'basic' && challenges.some(({ scheme }) => scheme === 'basic')) {
      this.#authorization = basic(credential);
    }
  }

  async #token(
    parameters: ReadonlyMap<string, string>,
    credential: RegistryCredential | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const realm = this.#realm(parameters.get('realm') ?? '', credential !== undefined);
    // What the registry asks for may be more than to read this repository: it gets no token for more than we need.
    const wanted = new URLSearchParams({ scope: `repository:${this.#repository}:pull` });
    const service = parameters.get('service');
    if (service !== undefined) wanted.set('service', service);
    const isForeign = realm.origin !== this.#registry.origin;
    const common = { name: this.#name, limit: tokenLimit, isForeign, signal };
    const headers = { accept: 'application/json' };
    let answer;
    if (credential?.kind === 'identity') {
      wanted.set('grant_type', 'refresh_token');
      wanted.set('client_id', 'rego-csr-approver');
      wanted.set('refresh_token', credential.token);
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const body = wanted.toString();
      answer = await this.#web.ask(realm, {
        ...common,
        method: 'POST',
        body,
        headers: { ...headers, ...type },
      });
    } else {
      for (const [name, value] of wanted) realm.searchParams.set(name, value);
      const authorization = credential && basic(credential);
      answer = await this.#web.ask(realm, { ...common, headers, authorization });
    }
    if (answer.status !== 200) throw refuseStatus(`${this.#name}: ${realm.host}`, answer, credentialsHint);
    return this.#readToken(answer.body, realm.host);
  }

  /** Who is asked for a token: the registry says so, and our password goes there. */
  #realm(text: string, withCredential: boolean): URL {
    const realm = URL.parse(text);
    const refusal = (what: string) =>
      new SourceError(
        'SourceCredentials',
        `bundle ${this.#name}: the registry wants a token of ${escapeText(realm?.host ?? text)}: ${what}`,
      );
    if (realm === null || realm.username !== '' || realm.password !== '') throw refusal('not a usable URL');
    const plain =
      this.#registry.protocol === 'http:' && (realm.host === this.#registry.host || isLoopback(realm));
    if (realm.protocol !== 'https:' && !(realm.protocol === 'http:' && plain)) throw refusal('it has no TLS');
    if (isOwnMachine(realm) && !isOwnMachine(this.#registry)) throw refusal('that is this machine');
    if (withCredential && !isKin(realm.hostname, this.#registry.hostname)) {
      throw refusal('that is of another domain, and gets no credentials');
    }
    return realm;
  }

  #readToken(body: Buffer, host: string): string {
    let token: string | undefined;
    try {
      const parsed = tokenAnswer.parse(JSON.parse(body.toString()));
      token = parsed.token ?? parsed.access_token;
    } catch {
      // Neither the answer nor the parser's message may be shown: both may hold a token.
    }
    if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return token;
    const text = `bundle ${this.#name}: ${escapeText(host)} gave no token that can be read`;
    throw new SourceError('SourceContent', text);
  }
}

/**
 * The same host, one below it, or one that shares its parent domain (registry.example.com and auth.example.com). It
 * keeps a mistake from giving a password away; a registry that wants it can ask for it itself.
 */
function isKin(realm: string, registry: string): boolean {
  if (realm === registry || realm.endsWith(`.${registry}`)) return true;
  const parent = registry.split('.').slice(1).join('.');
  // Not of an address, and not of a top-level domain.
  if (!parent.includes('.') || /^[\d.]+$|^\[/.test(registry)) return false;
  return realm === parent || realm.endsWith(`.${parent}`);
}

const basic = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** WWW-Authenticate (RFC 9110 §11.6.1), of which several may be in one line. */
export function parseChallenges(text: string): Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  const part = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;
  for (const [, name = '', quoted, bare] of text.slice(0, 8192).matchAll(part)) {
    const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? bare;
    if (value === undefined) found.push({ scheme: name.toLowerCase(), parameters: new Map() });
    else found.at(-1)?.parameters.set(name.toLowerCase(), value);
  }
  return found;
}
