import { type DERReader, TAG } from './der.ts';
import { objectIdentifier } from './oid.ts';
import { refuse } from './refusal.ts';

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const SUBJECT_ALT_NAME = '2.5.29.17';

/** Extension (RFC 5280 §4.2): nothing but subjectAltName. Gives its GeneralNames. */
function readExtension(extension: DERReader): DERReader {
  const type = objectIdentifier(extension.next(TAG.OBJECT_IDENTIFIER).content);
  if (type !== SUBJECT_ALT_NAME) refuse('ExtensionUnknown', type);
  if (extension.peek() === TAG.BOOLEAN) {
    const { content } = extension.next(TAG.BOOLEAN);
    refuse(content.length === 1 && content[0] === 0xff ? 'ExtensionCritical' : 'DERBooleanNotCanonical');
  }
  const value = extension.enter(TAG.OCTET_STRING, 'subjectAltName value');
  extension.end();
  const names = value.enter(TAG.SEQUENCE, 'general names');
  value.end();
  return names;
}

/** Extensions (RFC 5280 §4.1), here a SEQUENCE of one. */
function readExtensions(extensions: DERReader): DERReader {
  if (extensions.done) refuse('ExtensionsNotSingle', 'none');
  const names = readExtension(extensions.enter(TAG.SEQUENCE, 'extension'));
  if (!extensions.done) {
    // Say what it is: an extension of another kind, or a second subjectAltName.
    readExtension(extensions.enter(TAG.SEQUENCE, 'extension'));
    refuse('ExtensionsNotSingle', 'repeated');
  }
  return names;
}

/** Attribute (RFC 2986 §4.1) with its SET of values. */
function readAttribute(attribute: DERReader): DERReader {
  const type = objectIdentifier(attribute.next(TAG.OBJECT_IDENTIFIER).content);
  if (type !== EXTENSION_REQUEST) refuse('AttributeUnknown', type);
  const values = attribute.enter(TAG.SET, 'extensionRequest values');
  attribute.end();
  if (values.done) refuse('AttributeValuesNotSingle', 'none');
  const extensions = values.enter(TAG.SEQUENCE, 'extensions');
  if (!values.done) refuse('AttributeValuesNotSingle');
  return readExtensions(extensions);
}

/**
 * The GeneralNames that the attributes ask for. No attribute at all is a request without names: Go writes
 * the empty SET for a kubelet's client certificate, so whether names must be there is the policy's to say.
 */
export function readAttributes(attributes: DERReader): DERReader | undefined {
  if (attributes.done) return undefined;
  const names = readAttribute(attributes.enter(TAG.SEQUENCE, 'attribute'));
  if (!attributes.done) {
    // Say what it is: an attribute of another kind, or a second extensionRequest.
    readAttribute(attributes.enter(TAG.SEQUENCE, 'attribute'));
    refuse('AttributesNotSingle');
  }
  return names;
}
