import type { DecodedRequest } from './decoded.ts';
import type { DERReader } from './der.ts';
import { embedsIPv4, formatIP } from './ip.ts';
import { refuse } from './refusal.ts';
import type { RefusalCode } from './refusals.ts';
import { visibleIA5String } from './strings.ts';
import { isCanonicalURI } from './uri.ts';

type SANs = DecodedRequest['sans'];

function readText(content: Uint8Array): string {
  if (content.length === 0) refuse('SANTextEmpty');
  return visibleIA5String(content) ?? refuse('SANTextInvalid');
}

function readURI(content: Uint8Array): string {
  const text = readText(content);
  return isCanonicalURI(text) ? text : refuse('SANURINotCanonical');
}

function readAddress(content: Uint8Array): string {
  if (content.length !== 4 && content.length !== 16) refuse('SANAddressLength', `${content.length} bytes`);
  return embedsIPv4(content) ? refuse('SANAddressEmbedsIPv4') : formatIP(content);
}

interface Kind {
  readonly shownAs: keyof SANs;
  readonly read: (content: Uint8Array) => string;
}

/** GeneralName (RFC 5280 §4.2.1.6) by identifier octet: the kinds that are shown, and why the others are not. */
const kinds: ReadonlyMap<number, Kind | RefusalCode> = new Map<number, Kind | RefusalCode>([
  [0xa0, 'SANOtherName'],
  [0x81, { shownAs: 'email', read: readText }],
  [0x82, { shownAs: 'dns', read: readText }],
  [0xa3, 'SANX400Address'],
  [0xa4, 'SANDirectoryName'],
  [0xa5, 'SANEDIPartyName'],
  [0x86, { shownAs: 'uri', read: readURI }],
  [0x87, { shownAs: 'ip', read: readAddress }],
  [0x88, 'SANRegisteredID'],
]);

/** Every GeneralName, in order within its kind. Counts before it reads. */
export function readNames(names: DERReader | undefined, maxSANs: number): SANs {
  const sans = { dns: [] as string[], ip: [] as string[], email: [] as string[], uri: [] as string[] };
  if (names === undefined) return sans;
  if (names.done) refuse('SANsEmpty');
  for (let count = 1; !names.done; count += 1) {
    if (!(count <= maxSANs)) refuse('SANsTooMany', `more than ${maxSANs}`);
    const tag = names.peek();
    const kind = kinds.get(tag) ?? refuse('SANKindUnknown', `tag ${tag}`);
    if (typeof kind === 'string') refuse(kind);
    sans[kind.shownAs].push(kind.read(names.next(tag).content));
  }
  return sans;
}
