import type { SourceFile } from './sources.ts';

/** What is to be built. */
export interface BuildRequest {
  /** The directory's name as it was given: opa's messages and the members of the bundle show it. */
  readonly root: string;
  readonly files: readonly SourceFile[];
  /** Patterns of names to leave out, as `opa build --ignore` reads them. */
  readonly ignore: readonly string[];
  /** Entrypoints beside the annotated ones, such as `csr/mine/decision`. */
  readonly entrypoints: readonly string[];
  /** OPA's capabilities, as JSON. */
  readonly capabilities: string;
  /** JSON schema of the input document; undefined lets the rules name any field. */
  readonly schema: string | undefined;
  /** Undefined leaves the manifest's own. */
  readonly revision: string | undefined;
}

/**
 * The request as the compiler reads it (opa/main.go): four bytes of length, little endian; so many bytes of JSON; then
 * the bytes of every file.
 */
export function encodeRequest({ files, ...rest }: BuildRequest): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(
    JSON.stringify({
      ...rest,
      files: files.map(({ path, bytes, isLink }) => ({ path, size: bytes.length, is_link: isLink })),
    }),
  );
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 4 + header.length);
  const message = new Uint8Array(total);
  new DataView(message.buffer).setUint32(0, header.length, true);
  message.set(header, 4);
  let at = 4 + header.length;
  for (const { bytes } of files) {
    message.set(bytes, at);
    at += bytes.length;
  }
  return message;
}
