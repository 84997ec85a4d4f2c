/** What a signature algorithm asks of its key; one row an algorithm, and nothing else enumerates them. */
type KeyKind =
  | { readonly kind: 'rsa' }
  | { readonly kind: 'ec'; readonly curve: string }
  | { readonly kind: 'ed25519' }
  /** At least as long as the hash, RFC 7518 §3.2. */
  | { readonly kind: 'secret'; readonly bytes: number };

/** Those of RFC 7518 and RFC 8037 that `opa sign` takes. */
export const keyKinds = {
  RS256: { kind: 'rsa' },
  RS384: { kind: 'rsa' },
  RS512: { kind: 'rsa' },
  PS256: { kind: 'rsa' },
  PS384: { kind: 'rsa' },
  PS512: { kind: 'rsa' },
  ES256: { kind: 'ec', curve: 'prime256v1' },
  ES384: { kind: 'ec', curve: 'secp384r1' },
  ES512: { kind: 'ec', curve: 'secp521r1' },
  EdDSA: { kind: 'ed25519' },
  HS256: { kind: 'secret', bytes: 32 },
  HS384: { kind: 'secret', bytes: 48 },
  HS512: { kind: 'secret', bytes: 64 },
} as const satisfies Readonly<Record<string, KeyKind>>;

export type Algorithm = keyof typeof keyKinds;

/** Hashes of files that a signature may be made of, by OPA's name: node:crypto's name. MD5, SHA-1, SHA-224 are too weak. */
export const fileHashes: ReadonlyMap<string, string> = new Map([
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
  ['SHA-512-256', 'sha512-256'],
]);
