import { PolicyError } from './error.ts';

/** The text of a member. Without a byte order mark: OPA takes one in some places and refuses it in others. */
export function textOf(bytes: Uint8Array, path: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new PolicyError('BundleUnreadable', `${path}: not UTF-8 text`, { cause });
  }
  if (text.startsWith('\uFEFF')) {
    throw new PolicyError('BundleUnreadable', `${path}: begins with a byte order mark`);
  }
  return text;
}
