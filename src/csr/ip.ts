import { octetAt } from './bytes.ts';

/** IP addresses as text and as bytes, with the semantics of Go's net.ParseIP and net.IP.String. */

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

const startsWith = (bytes: Uint8Array, prefix: readonly number[]): boolean =>
  prefix.every((octet, i) => bytes[i] === octet);

/** ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), which Go holds to be the IPv4 address. */
const isMapped = (bytes: Uint8Array): boolean => bytes.length === 16 && startsWith(bytes, MAPPED);

/** ::a.b.c.d (RFC 4291 §2.5.5.1, deprecated), which some write in dotted form; not :: and ::1. */
const isCompatible = (bytes: Uint8Array): boolean =>
  bytes.length === 16 &&
  startsWith(bytes, MAPPED.slice(0, 10).concat(0, 0)) &&
  !(startsWith(bytes.subarray(12), [0, 0, 0]) && octetAt(bytes, 15) <= 1);

/** Whether parsers write these sixteen bytes in more than one way. */
export const embedsIPv4 = (bytes: Uint8Array): boolean => isMapped(bytes) || isCompatible(bytes);

/** First and last index of the longest run of two or more zero groups, the first of equals (RFC 5952 §4.2). */
function zeroRun(groups: readonly number[]): { from: number; to: number } {
  let best = { from: 0, to: 0 };
  let from = 0;
  groups.forEach((group, i) => {
    if (group !== 0) from = i + 1;
    else if (i + 1 - from > Math.max(best.to - best.from, 1)) best = { from, to: i + 1 };
  });
  return best;
}

const hexGroups = (groups: readonly number[]): string => groups.map((group) => group.toString(16)).join(':');

/** RFC 5952 text of four or sixteen bytes; an IPv4-mapped address as the IPv4 one, as Go writes it. */
export function formatIP(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new TypeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  if (isMapped(bytes)) return bytes.subarray(12).join('.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => view.getUint16(at));
  const { from, to } = zeroRun(groups);
  return to === 0 ? hexGroups(groups) : `${hexGroups(groups.slice(0, from))}::${hexGroups(groups.slice(to))}`;
}

/** Decimal octets without leading zeros (RFC 6943 §3.1.1: others read them as octal). */
const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[\da-f]{1,4}$/i;

function parseIPv4(text: string): number[] | undefined {
  const fields = text.split('.');
  if (fields.length !== 4 || !fields.every((field) => OCTET.test(field))) return undefined;
  const octets = fields.map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

/** Groups between colons; the last of an address may be dotted IPv4 and counts as two. */
function parseGroups(text: string, mayEndInIPv4: boolean): number[] | undefined {
  if (text === '') return [];
  const octets: number[] = [];
  const fields = text.split(':');
  for (const [i, field] of fields.entries()) {
    const dotted = mayEndInIPv4 && i === fields.length - 1 && field.includes('.');
    const value = Number.parseInt(field, 16);
    const part = dotted ? parseIPv4(field) : GROUP.test(field) ? [value >> 8, value & 0xff] : undefined;
    if (part === undefined) return undefined;
    octets.push(...part);
  }
  return octets;
}

function parseIPv6(text: string): number[] | undefined {
  const [head = '', tail, surplus] = text.split('::');
  if (surplus !== undefined) return undefined;
  const front = parseGroups(head, tail === undefined);
  const back = parseGroups(tail ?? '', true);
  if (front === undefined || back === undefined) return undefined;
  const zeros = 16 - front.length - back.length;
  // "::" stands for at least one group of zeros.
  if (tail === undefined ? zeros !== 0 : zeros < 2) return undefined;
  return [...front, ...Array.from({ length: zeros }, () => 0), ...back];
}

/** The longest text of an address: eight groups, the last two dotted (INET6_ADDRSTRLEN without its NUL). */
const MAX_TEXT = 45;

/** Canonical text of what Go's net.ParseIP takes for an address; undefined for anything else, zones included. */
export function parseIP(text: string): string | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const octets = text.includes(':') ? parseIPv6(text) : parseIPv4(text);
  return octets && formatIP(Uint8Array.from(octets));
}
