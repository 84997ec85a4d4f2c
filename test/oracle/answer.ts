/** What the oracle says of one request: the mirror of answer.go. */

/** JSON has no strings but UTF-8; others come in hexadecimal, and so equal no string of ours. */
type OracleText = string | { readonly hex: string };

interface OracleName {
  readonly type: string;
  readonly value: OracleText;
  /** The Go type, where the value is no string. */
  readonly kind?: string;
}

interface OracleAddress {
  readonly hex: string;
  readonly text: string;
}

interface Names {
  readonly dns: readonly OracleText[];
  readonly ip: readonly OracleAddress[];
  readonly email: readonly OracleText[];
  readonly uri: readonly OracleText[];
}

/** The certificate that the signer would issue. */
export interface OracleCertificate extends Names {
  readonly error?: undefined;
  /** DER of the Name, in hexadecimal. */
  readonly subject: string;
  readonly names: readonly OracleName[];
  readonly spki: string;
}

export interface OracleReading extends Names {
  readonly error?: undefined;
  /** Why CheckSignature fails; empty if it does not. */
  readonly signature: string;
  /** Why ValidateKubeletServingCSR fails; empty if it does not. */
  readonly serving: string;
  readonly version: number;
  readonly commonName: OracleText;
  readonly organization: readonly OracleText[];
  /** Subject.Names: each attribute as parsed. */
  readonly names: readonly OracleName[];
  /** Subject.ToRDNSequence(): what the signer would write. */
  readonly rebuilt: readonly OracleName[];
  readonly key: {
    readonly algorithm: string;
    readonly curve: string;
    readonly bits: number;
    readonly exponent: number;
    readonly spki: string;
  };
  readonly signatureAlgorithm: string;
  readonly attributes: number;
  readonly extensions: readonly string[];
  /** Asked for only where `signature` and `serving` are empty. */
  readonly certificate: OracleCertificate | { readonly error: string };
}

/** ParseCSR's error, or how it read the request. */
export type OracleAnswer = { readonly error: string } | OracleReading;

/** Whether the API server would take the request, and the signer would sign it if it were approved. */
export const isSigned = (
  answer: OracleAnswer,
): answer is OracleReading & { certificate: OracleCertificate } =>
  answer.error === undefined &&
  answer.signature === '' &&
  answer.serving === '' &&
  answer.certificate.error === undefined;
