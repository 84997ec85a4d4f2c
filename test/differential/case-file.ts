import type { OracleAnswer } from '../oracle/answer.ts';
import { dumpDER } from '../support/der-dump.ts';

/**
 * A request in a file that people can read and tests can read back: what is wrong with it, what becomes of
 * it, its bytes, and its elements.
 */
export interface CaseFile {
  readonly name: string;
  readonly bends: string;
  readonly clause: string;
  /** `accepts`, or `refuses with …`. */
  readonly ours: string;
  readonly signer: string;
  readonly request: Uint8Array;
}

const REQUEST = '\nrequest:\n';
const DECODED = '\ndecoded:\n';

export function formatCase(given: CaseFile): string {
  const head = (['name', 'bends', 'clause', 'ours', 'signer'] as const)
    .map((field) => `${`${field}:`.padEnd(8)}${given[field]}\n`)
    .join('');
  return `${head}${REQUEST}${escape(given.request)}${DECODED}${dumpBlocks(given.request)}\n`;
}

/** The bytes of the request in such a file. */
export function requestOf(file: string): Uint8Array {
  const start = file.indexOf(REQUEST) + REQUEST.length;
  return unescape(file.slice(start, file.indexOf(DECODED, start)));
}

/** What Go makes of it, without words that change from one Go version to the next. */
export function signerLine(answer: OracleAnswer): string {
  if (answer.error !== undefined) return 'does not read it';
  const { commonName, organization, dns, ip, email, uri } = answer;
  const values = {
    CN: commonName,
    O: organization,
    DNS: dns,
    IP: ip.map(({ text }) => text),
    email,
    URI: uri,
  };
  const shown = Object.entries(values)
    .map(([name, value]) => [name, JSON.stringify(value)] as const)
    .filter(([, value]) => value !== '[]' && value !== '""')
    .map(([name, value]) => `${name}=${value}`);
  if (answer.signature !== '') return 'finds no good signature';
  return `${answer.serving === '' ? 'signs' : 'reads, would not sign'}: ${shown.join(' ')}`;
}

/** Printable ASCII and newlines stand for themselves; a backslash at the end of a line joins it to the next. */
function escape(request: Uint8Array): string {
  const text = Buffer.from(request)
    .toString('latin1')
    .replaceAll('\\', '\\\\')
    .replaceAll(/[^\n\x20-\x7e]| (?=\n|$)/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return text.endsWith('\n') ? text : `${text}\\\n`;
}

function unescape(text: string): Uint8Array {
  const plain = text.replaceAll(/\\(\n|\\|x[0-9a-f]{2})/g, (_, escaped: string) => {
    if (escaped === '\n') return '';
    return escaped === '\\' ? '\\' : String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  });
  return new Uint8Array(Buffer.from(plain, 'latin1'));
}

/** Every block that some reader might find, decoded as a lenient one would. */
function dumpBlocks(request: Uint8Array): string {
  const text = Buffer.from(request).toString('latin1');
  const blocks = [...text.matchAll(/-----BEGIN [^-\n]*-----([^-]*)/g)].map(([, inside = '']) =>
    dumpDER(new Uint8Array(Buffer.from(inside.replace(/^[^\n]*:.*\n/m, ''), 'base64'))),
  );
  return blocks.length === 0 ? '(no block)' : blocks.join('\n\n');
}
