import { compactVerify } from 'jose';
import { z } from 'zod';
import { safeJson } from '../text/json.ts';
import { messageOf } from '../text/message.ts';
import { PolicyError } from './error.ts';
import { parseJson, plain } from './json.ts';
import { textOf } from './text.ts';
import { importKey, type Verification, type VerificationKey } from './verification-key.ts';

/** Names and hashes of 4096 files fit in a fourth of it. */
const maxBytes = 4 * 1024 * 1024;

/** `.signatures.json`; the plugin's name is what opa writes for its own way to sign. */
const document = z.strictObject({
  signatures: z.array(z.string()),
  plugin: z.enum(['', '_default']).optional(),
});

const header = z.looseObject({ alg: z.string(), kid: z.string().optional() });

const payload = z.looseObject({
  files: z.array(z.looseObject({ name: z.string(), hash: z.string(), algorithm: z.string() })),
  scope: z.string().default(''),
  keyid: z.string().default(''),
});

/** A file as the signature names it; the hash in hexadecimal digits. */
export type SignedFile = z.infer<typeof payload>['files'][number];

/**
 * The payload of the one JWT in `.signatures.json`, verified.
 * @throws PolicyError SignatureMalformed | SignatureKeyUnknown | SignatureAlgorithm | SignatureInvalid | SignatureScope | KeyInvalid
 */
export async function verifiedPayload(
  content: Uint8Array,
  { keys, scope = '' }: Verification,
): Promise<z.infer<typeof payload>> {
  if (content.length > maxBytes) throw malformed(`more than ${String(maxBytes)} bytes`);
  const { signatures } = read(document, content, '.signatures.json');
  const [token = ''] = signatures;
  if (signatures.length !== 1) throw malformed(`${String(signatures.length)} signatures: one is expected`);
  const parts = token.split('.');
  if (parts.length !== 3) throw malformed('the signature is no JWT of three parts');
  const [head = '', body = ''] = parts;
  const { alg, kid, crit } = read(header, decoded(head), 'header of the signature');
  const claims = read(payload, decoded(body), 'payload of the signature');
  if (crit !== undefined) throw malformed('the header has critical extensions, and none is known');
  // As opa: the claim is its older way to say it.
  const key = choose(keys, kid === undefined || kid === '' ? claims.keyid : kid);
  if (alg !== key.algorithm) {
    throw new PolicyError(
      'SignatureAlgorithm',
      `the signature is made by ${safeJson(alg)}, and key ${safeJson(key.id)} is configured for ${key.algorithm}`,
    );
  }
  await verify(token, key);
  if (claims.scope !== scope) {
    throw new PolicyError(
      'SignatureScope',
      `the signature has scope ${safeJson(claims.scope)}, and policy.scope is ${safeJson(scope)}`,
    );
  }
  return claims;
}

/** The key that the signature names; one that names none is of the only key there is. */
function choose(keys: readonly VerificationKey[], id: string): VerificationKey {
  const found = id === '' && keys.length === 1 ? keys[0] : keys.find((key) => key.id === id);
  if (found !== undefined) return found;
  const named = id === '' ? 'no key' : `key ${safeJson(id)}`;
  throw new PolicyError(
    'SignatureKeyUnknown',
    `the signature names ${named}; configured are ${keys.map((key) => safeJson(key.id)).join(', ')}: sign with \`opa build --verification-key-id\`, or a claim "keyid" for \`opa sign\``,
  );
}

async function verify(token: string, key: VerificationKey): Promise<void> {
  const imported = importKey(key);
  try {
    await compactVerify(token, imported, { algorithms: [key.algorithm] });
  } catch (cause) {
    throw new PolicyError(
      'SignatureInvalid',
      `the signature is not by key ${safeJson(key.id)}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function decoded(part: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) throw malformed('the signature is no JWT in base64url');
  return Buffer.from(part, 'base64url');
}

function read<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  try {
    return schema.parse(plain(parseJson(textOf(bytes, what))));
  } catch (cause) {
    const reason =
      cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll('\n', ' ') : messageOf(cause);
    throw malformed(`${what}: ${reason}`, cause);
  }
}

function malformed(message: string, cause?: unknown): PolicyError {
  return new PolicyError('SignatureMalformed', message, { cause });
}
