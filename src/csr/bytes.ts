/** The octet at that place, 0 beyond the end. */
export const octetAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** One character for each byte, whatever the bytes are. */
export const latin1 = (bytes: Uint8Array): string => buffer(bytes).toString('latin1');
export const hex = (bytes: Uint8Array): string => buffer(bytes).toString('hex');
export const base64 = (bytes: Uint8Array): string => buffer(bytes).toString('base64');
