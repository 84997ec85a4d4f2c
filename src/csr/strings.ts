import { latin1 } from './bytes.ts';

/** Character sets of the ASN.1 string types that a request may hold. */

/** PrintableString (X.680 §41.4). Go also takes `*` and `&`, which the type does not have. */
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

/** Controls, format characters (bidi, zero-width), separators and noncharacters: nothing that cannot be seen. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/** IA5String (T.50) without its controls. */
const VISIBLE_ASCII = /^[\x20-\x7e]*$/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function printableString(bytes: Uint8Array): string | undefined {
  const text = latin1(bytes);
  return PRINTABLE.test(text) ? text : undefined;
}

/** Well-formed UTF-8 only (RFC 3629 §4): no overlong forms, no surrogates. */
export function utf8String(bytes: Uint8Array): string | undefined {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  return UNSEEN.test(text) ? undefined : text;
}

export function visibleIA5String(bytes: Uint8Array): string | undefined {
  const text = latin1(bytes);
  return VISIBLE_ASCII.test(text) ? text : undefined;
}
