import type { LengthForm } from './der.ts';
import { encodeTree, isRaw, readForest, type DerNode } from './der-tree.ts';
import { OID } from './csr.ts';

/** A request's elements as text, for people: what `openssl asn1parse` prints, and it never gives up. */
export function dumpDER(der: Uint8Array): string {
  const lines: string[] = [];
  let offset = 0;
  for (const node of readForest(der)) offset = dumpNode(node, offset, 0, lines);
  return lines.join('\n');
}

const UNIVERSAL: Readonly<Record<number, string>> = {
  1: 'BOOLEAN',
  2: 'INTEGER',
  3: 'BIT STRING',
  4: 'OCTET STRING',
  5: 'NULL',
  6: 'OBJECT IDENTIFIER',
  12: 'UTF8String',
  16: 'SEQUENCE',
  17: 'SET',
  18: 'NumericString',
  19: 'PrintableString',
  20: 'TeletexString',
  22: 'IA5String',
  26: 'VisibleString',
  27: 'GeneralString',
  28: 'UniversalString',
  30: 'BMPString',
};

const CLASS = ['UNIVERSAL', 'APPLICATION', '', 'PRIVATE'];

const NAMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(OID).map(([name, dotted]) => [dotted, name])),
  '1.2.840.10045.2.1': 'ecPublicKey',
  '1.2.840.10045.3.1.7': 'P-256',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.113549.1.1.1': 'rsaEncryption',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.3.101.112': 'Ed25519',
};

/** Long values are cut: a dump is for reading, the request itself stands beside it. */
const SHOWN = 40;

function dumpNode(node: DerNode, offset: number, depth: number, lines: string[]): number {
  const total = encodeTree(node).length;
  const indent = '  '.repeat(depth);
  const at = String(offset).padStart(5);
  if (isRaw(node)) {
    lines.push(`${at} ${indent}(no element) ${hexOf(node.content)}`);
    return offset + total;
  }
  lines.push(`${at} ${indent}${tagName(node)}${formRemark(node.form)}${valueOf(node)}`.trimEnd());
  const children = node.children.reduce((sum, child) => sum + encodeTree(child).length, 0);
  const end = node.form === 'indefinite' ? 2 : 0;
  let inside = offset + total - children - end;
  for (const child of node.children) inside = dumpNode(child, inside, depth + 1, lines);
  return offset + total;
}

function tagName({ identifier }: DerNode): string {
  const tag = identifier[0] ?? 0;
  const constructed = (tag & 0x20) !== 0;
  const number = tag & 0x1f;
  const universal = UNIVERSAL[number];
  if (tag >> 6 === 0 && universal !== undefined) {
    const usual = number === 16 || number === 17;
    if (constructed === usual) return universal;
    return `${universal} (${constructed ? 'constructed' : 'primitive'})`;
  }
  const shown = number === 31 ? `high ${hexOf(identifier)}` : String(number);
  return `[${[CLASS[tag >> 6], shown].filter(Boolean).join(' ')}]${constructed ? ' (constructed)' : ''}`;
}

function formRemark(form: LengthForm): string {
  if (form === 'minimal') return '';
  if (form === 'indefinite') return ' (length indefinite)';
  return 'octets' in form ? ` (length in ${form.octets} octets)` : ` (length ${hexOf(form.raw)})`;
}

function valueOf({ identifier, content, children }: DerNode): string {
  if (content.length === 0 || children.length > 0) return '';
  switch (identifier[0] ?? 0) {
    case 0x02:
      return ` ${content.length <= 8 ? BigInt.asIntN(content.length * 8, BigInt(`0x${hexOf(content)}`)) : hexOf(content)}`;
    case 0x06: {
      const dotted = dottedOID(content);
      return ` ${NAMES[dotted] ?? dotted}`;
    }
    default:
      return content.every((octet) => octet >= 0x20 && octet < 0x7f)
        ? ` ${JSON.stringify(Buffer.from(cut(content)).toString('latin1'))}${dots(content)}`
        : ` ${hexOf(content)}`;
  }
}

const cut = (content: Uint8Array): Uint8Array => content.subarray(0, SHOWN);

const dots = (content: Uint8Array): string => (content.length > SHOWN ? `… ${content.length} bytes` : '');

const hexOf = (content: Uint8Array): string => Buffer.from(cut(content)).toString('hex') + dots(content);

/** Whatever the octets are: padded and cut-off arcs are shown as they come. */
function dottedOID(content: Uint8Array): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const octet of content) {
    arc = arc * 128n + BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first = 0n, ...rest] = arcs;
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...rest].join('.');
}
