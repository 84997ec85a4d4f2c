import { escapeText } from '../../text/escape.ts';
import { SourceError } from './error.ts';
import { type OciReference, parseOciReference } from './oci-reference.ts';

/** What the text of `bundle:` means. */
export type Reference =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'http'; readonly url: URL }
  | { readonly kind: 'oci'; readonly reference: OciReference };

const supported = 'a path, https://…, http://…, oci://… or oci+http://…';

/** @throws SourceError SourceUnsupported | SourceInvalid, whose messages show nothing behind the scheme */
export function parseReference(text: string): Reference {
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text) ?? [];
  // A path may hold a colon; `https:host` is a URL that lacks its slashes.
  const known = scheme !== undefined && /^(https?|oci|oci\+http|file)$/i.test(scheme);
  if (scheme === undefined || (!known && !rest.startsWith('//'))) return { kind: 'file', path: text };
  const shown = `bundle ${escapeText(scheme, 32)}:…`;
  if (!rest.startsWith('//'))
    throw new SourceError('SourceInvalid', `${shown}: // is expected after the scheme`);
  switch (scheme) {
    case 'https':
    case 'http':
      return { kind: 'http', url: parseUrl(text, shown) };
    case 'oci':
    case 'oci+http':
      return { kind: 'oci', reference: parseOciReference(scheme === 'oci', rest.slice(2), shown) };
    default:
      throw new SourceError('SourceUnsupported', `${shown}: this scheme is not supported: ${supported}`);
  }
}

function parseUrl(text: string, shown: string): URL {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') throw new SourceError('SourceInvalid', `${shown}: not a URL`);
  if (url.username !== '' || url.password !== '') {
    throw new SourceError(
      'SourceInvalid',
      `${shown}: credentials do not belong in the URL: put them into a file that credentials.bearerTokenFile or credentials.dockerConfigFile names`,
    );
  }
  if (url.hash !== '') throw new SourceError('SourceInvalid', `${shown}: a bundle's URL has no fragment`);
  return url;
}
