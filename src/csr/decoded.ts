/** What a PKCS#10 request says, after it was proven to have exactly one reading. Deeply frozen. */
export interface DecodedRequest {
  readonly subject: {
    readonly commonName: string;
    /** Exactly one value. */
    readonly organization: readonly [string];
  };
  readonly sans: {
    /** dNSName values as sent. */
    readonly dns: readonly string[];
    /** iPAddress values in canonical text (RFC 5952); never IPv4-mapped. */
    readonly ip: readonly string[];
    readonly email: readonly string[];
    readonly uri: readonly string[];
  };
  readonly key: {
    readonly algorithm: 'ECDSA' | 'RSA' | 'Ed25519';
    /** P-256, P-384 or P-521; empty unless ECDSA. */
    readonly curve: string;
    readonly bits: number;
  };
  /** For example `ECDSA-SHA256`. */
  readonly signatureAlgorithm: string;
  /** `sha256:` and the lower-case hex digest of the DER request. */
  readonly fingerprint: string;
}

/** Caps that hold before anything is parsed. */
export interface DecodeLimits {
  /** Bytes of `spec.request`, PEM armour included. */
  readonly maxRequestBytes: number;
  /** Subject alternative names of every kind together. */
  readonly maxSANs: number;
}
