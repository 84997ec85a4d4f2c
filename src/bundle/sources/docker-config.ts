import { z } from 'zod';
import { escapeText } from '../../text/escape.ts';
import { readCredential } from './connections.ts';
import { SourceError } from './error.ts';

/** What is shown to a registry, or to the service that gives tokens for it. */
export type RegistryCredential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'identity'; readonly token: string };

const entry = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
type Entry = z.infer<typeof entry>;

const dockerConfig = z.looseObject({
  auths: z.record(z.string(), entry).default({}),
  credHelpers: z.record(z.string(), z.unknown()).default({}),
  credsStore: z.string().default(''),
});

/**
 * What a docker config.json (or the `.dockerconfigjson` of a Secret) has for a registry.
 * @param host `HOST[:PORT]`
 * @returns undefined when it has nothing for it
 * @throws SourceError SourceCredentials, also where only a helper program would know
 */
export async function credentialFor(
  file: string,
  host: string,
  repository: string,
): Promise<RegistryCredential | undefined> {
  const refusal = (what: string) =>
    new SourceError('SourceCredentials', `credentials.dockerConfigFile ${file}: ${what}`);
  let value: unknown;
  try {
    value = JSON.parse((await readCredential('credentials.dockerConfigFile', file)).toString()) as unknown;
  } catch (cause) {
    if (cause instanceof SourceError) throw cause;
    // Node's message quotes the text.
    throw refusal('not JSON');
  }
  const parsed = dockerConfig.safeParse(value);
  if (!parsed.success)
    throw refusal(`${parsed.error.issues[0]?.path.join('.') ?? ''}: not as docker writes it`);
  const { auths, credHelpers, credsStore } = parsed.data;
  const found = select(auths, host, repository);
  const credential =
    found && decode(found, () => refusal(`auths: ${escapeText(host)}: auth is not user:password in base64`));
  if (credential !== undefined) return credential;
  if (Object.hasOwn(credHelpers, host) || credsStore !== '') {
    throw refusal(
      `only a helper program (credHelpers, credsStore) knows the credentials for ${escapeText(host)}, and none is run: write them as auths, for example by kubectl create secret docker-registry`,
    );
  }
  return undefined;
}

/** The most specific key: `host/a/b`, then `host/a`, then `host`, each also as docker's old URLs write it. */
function select(auths: Readonly<Record<string, Entry>>, host: string, repository: string): Entry | undefined {
  const byPlace = new Map<string, Entry>();
  for (const [key, value] of Object.entries(auths)) {
    const place = key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, '');
    if (!byPlace.has(place)) byPlace.set(place, value);
  }
  const parts = repository.split('/');
  for (let length = parts.length; length >= 0; length -= 1) {
    const found = byPlace.get([host, ...parts.slice(0, length)].join('/'));
    if (found !== undefined) return found;
  }
  return undefined;
}

function decode(found: Entry, refusal: () => SourceError): RegistryCredential | undefined {
  const { auth, username, password, identitytoken } = found;
  if (identitytoken !== undefined && identitytoken !== '') return { kind: 'identity', token: identitytoken };
  if (username !== undefined && username !== '' && password !== undefined) {
    return { kind: 'basic', username, password };
  }
  if (auth === undefined || auth === '') return undefined;
  const text = Buffer.from(auth, 'base64').toString();
  const at = text.indexOf(':');
  if (at <= 0) throw refusal();
  // docker pads with NUL what it reads from old files.
  return { kind: 'basic', username: text.slice(0, at), password: text.slice(at + 1).replace(/\0+$/, '') };
}
