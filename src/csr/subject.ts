import type { DecodedRequest } from './decoded.ts';
import { type DERReader, TAG } from './der.ts';
import { objectIdentifier } from './oid.ts';
import { refuse } from './refusal.ts';
import { printableString, utf8String } from './strings.ts';

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';

/** `system:node:` and a node name. X.520's ub-common-name (64) is too short for those, and Go ignores it. */
const MAX_VALUE_BYTES = 12 + 253;

/** Every string type that may hold a value, and its reader. */
const stringTypes: ReadonlyMap<number, (bytes: Uint8Array) => string | undefined> = new Map([
  [TAG.PRINTABLE_STRING, printableString],
  [TAG.UTF8_STRING, utf8String],
]);

function readValue(attribute: DERReader): string {
  const tag = attribute.peek();
  const read = stringTypes.get(tag) ?? refuse('SubjectStringType', `tag ${tag}`);
  const { content } = attribute.next(tag);
  if (content.length === 0) refuse('SubjectValueEmpty');
  if (content.length > MAX_VALUE_BYTES) refuse('SubjectValueTooLong', `${content.length} bytes`);
  return read(content) ?? refuse('SubjectValueInvalid');
}

/** RelativeDistinguishedName: a SET of one AttributeTypeAndValue, so its order cannot matter (X.690 §11.6). */
function readRDN(rdn: DERReader): { readonly type: string; readonly value: string } {
  if (rdn.done) refuse('SubjectRDNMultiValued', 'empty');
  const attribute = rdn.enter(TAG.SEQUENCE, 'subject attribute');
  const type = objectIdentifier(attribute.next(TAG.OBJECT_IDENTIFIER).content);
  if (type !== COMMON_NAME && type !== ORGANIZATION) refuse('SubjectAttributeUnknown', type);
  const value = readValue(attribute);
  attribute.end();
  if (!rdn.done) refuse('SubjectRDNMultiValued');
  return { type, value };
}

/** Name (RFC 5280 §4.1.2.4): one organizationName and one commonName, in either order. */
export function readSubject(name: DERReader): DecodedRequest['subject'] {
  const values = new Map<string, string>();
  while (!name.done) {
    const { type, value } = readRDN(name.enter(TAG.SET, 'relative distinguished name'));
    if (values.has(type)) refuse('SubjectNotSingle', `${type} repeated`);
    values.set(type, value);
  }
  return {
    commonName: values.get(COMMON_NAME) ?? refuse('SubjectNotSingle', 'no commonName'),
    organization: [values.get(ORGANIZATION) ?? refuse('SubjectNotSingle', 'no organizationName')],
  };
}
