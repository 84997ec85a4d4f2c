import { base64, latin1 } from './bytes.ts';
import { refuse } from './refusal.ts';

const BEGIN = '-----BEGIN ';
const HEADER = '-----BEGIN CERTIFICATE REQUEST-----\n';
const FOOTER = '-----END CERTIFICATE REQUEST-----\n';
const LINE = 64;

/** The one text of these bytes: what Go's encoding/pem, kubelets and openssl write. */
export function armour(der: Uint8Array): string {
  const text = base64(der);
  const lines: string[] = [HEADER];
  for (let at = 0; at < text.length; at += LINE) lines.push(text.slice(at, at + LINE), '\n');
  lines.push(FOOTER);
  return lines.join('');
}

/**
 * The bytes inside exactly one canonical PEM block. What is decoded is armoured again and must give the same
 * text: so there is one text for each request, and no tolerance of any base64 or PEM reader matters.
 */
export function unarmour(request: Uint8Array): Uint8Array {
  const text = latin1(request);
  const begin = text.indexOf(BEGIN);
  if (begin < 0) refuse('PEMMissing');
  if (text.includes(BEGIN, begin + BEGIN.length)) refuse('PEMNotSingle');
  if (begin > 0) refuse('PEMNotCanonical', 'bytes before the block');
  if (!text.startsWith(HEADER.trimEnd())) refuse('PEMLabelWrong');
  if (!text.startsWith(HEADER) || !text.endsWith(FOOTER)) refuse('PEMNotCanonical', 'first or last line');
  const der = Buffer.from(text.slice(HEADER.length, -FOOTER.length), 'base64');
  if (armour(der) !== text) refuse('PEMNotCanonical', 'base64');
  return der;
}
