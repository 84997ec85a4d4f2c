/**
 * Every algorithm that a request may use. Nothing else enumerates them. SHA-1, MD5, RSA-PSS, DSA and
 * curves or parameters of one's own are not here: no kubelet sends them, and PSS parameters have several
 * encodings of one meaning (RFC 4055 §3.1).
 */
export type KeyKind = 'ECDSA' | 'RSA' | 'Ed25519';

export interface SignatureAlgorithm {
  readonly name: string;
  readonly kind: KeyKind;
  /** As node:crypto calls it; null where the algorithm brings its own (RFC 8032). */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  /** RFC 4055 §5 wants NULL, RFC 5758 §3.2 and RFC 8410 §3 nothing. Go ignores them for RSA and ECDSA. */
  readonly parameters: 'NULL' | 'absent';
}

/** By object identifier. Go pairs any curve with any of these hashes, and so do we. */
export const signatureAlgorithms: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['1.2.840.10045.4.3.2', { name: 'ECDSA-SHA256', kind: 'ECDSA', hash: 'sha256', parameters: 'absent' }],
  ['1.2.840.10045.4.3.3', { name: 'ECDSA-SHA384', kind: 'ECDSA', hash: 'sha384', parameters: 'absent' }],
  ['1.2.840.10045.4.3.4', { name: 'ECDSA-SHA512', kind: 'ECDSA', hash: 'sha512', parameters: 'absent' }],
  ['1.2.840.113549.1.1.11', { name: 'RSA-SHA256', kind: 'RSA', hash: 'sha256', parameters: 'NULL' }],
  ['1.2.840.113549.1.1.12', { name: 'RSA-SHA384', kind: 'RSA', hash: 'sha384', parameters: 'NULL' }],
  ['1.2.840.113549.1.1.13', { name: 'RSA-SHA512', kind: 'RSA', hash: 'sha512', parameters: 'NULL' }],
  ['1.3.101.112', { name: 'Ed25519', kind: 'Ed25519', hash: null, parameters: 'absent' }],
] as const);

/** SubjectPublicKeyInfo algorithms by object identifier (RFC 3279 §2.3.1, RFC 5480 §2.1.1, RFC 8410 §3). */
export const keyAlgorithms: ReadonlyMap<string, KeyKind> = new Map([
  ['1.2.840.113549.1.1.1', 'RSA'],
  ['1.2.840.10045.2.1', 'ECDSA'],
  ['1.3.101.112', 'Ed25519'],
] as const);

export interface Curve {
  readonly name: 'P-256' | 'P-384' | 'P-521';
  readonly bits: number;
}

/** Named curves (RFC 5480 §2.1.1.1). */
export const curves: ReadonlyMap<string, Curve> = new Map([
  ['1.2.840.10045.3.1.7', { name: 'P-256', bits: 256 }],
  ['1.3.132.0.34', { name: 'P-384', bits: 384 }],
  ['1.3.132.0.35', { name: 'P-521', bits: 521 }],
] as const);

export const rsaBits = { min: 2048, max: 8192 } as const;

/** Largest exponent that Go's crypto/rsa takes. */
export const MAX_RSA_EXPONENT = 2 ** 31 - 1;

/**
 * y coordinates of the points of small order (RFC 7748 §6.1 and §7), little-endian without the sign bit.
 * With such a key one signature fits every message, so it proves nothing: the Ed25519 sister of e = 1.
 */
export const smallOrderPoints: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);
