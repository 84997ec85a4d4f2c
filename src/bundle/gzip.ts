import { crc32, inflateRaw } from 'node:zlib';
import { messageOf } from '../text/message.ts';
import { PolicyError } from './error.ts';

/** Flags of a gzip header, RFC 1952 §2.3.1. */
const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** CRC-32 and length, RFC 1952 §2.3. */
const trailerBytes = 8;

/**
 * Inflates exactly one gzip member, up to that many bytes: a bomb costs no more.
 *
 * Whatever follows the member is refused. Go's reader goes on with a second member, others stop before it: such a file
 * would be two bundles.
 * @throws PolicyError BundleUnreadable | BundleTooLarge
 */
export async function gunzipOne(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const start = headerLength(bytes);
  const { buffer, consumed } = await inflate(bytes.subarray(start), maxBytes);
  const trailer = bytes.subarray(start + consumed);
  if (trailer.length < trailerBytes) throw unreadable('the archive is cut off');
  if (trailer.length > trailerBytes) {
    throw unreadable(
      `${String(trailer.length - trailerBytes)} bytes follow the compressed archive: it must be one gzip member and nothing else`,
    );
  }
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailerBytes);
  if (view.getUint32(0, true) !== crc32(buffer) || view.getUint32(4, true) !== buffer.length) {
    throw unreadable('the checksum of the archive is wrong');
  }
  return buffer;
}

function headerLength(bytes: Uint8Array): number {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) {
    throw unreadable('not a gzip-compressed tar archive: build one with `opa build -b DIR -t wasm`');
  }
  const flags = bytes[3] ?? flag.reserved;
  if ((flags & flag.reserved) !== 0) throw unreadable('a gzip header with reserved flags');
  let at = 10;
  if ((flags & flag.extra) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const text of [flag.name, flag.comment]) {
    if ((flags & text) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) throw unreadable('the archive is cut off');
    at = end + 1;
  }
  return (flags & flag.headerCrc) === 0 ? at : at + 2;
}

/** What `info: true` gives; the declarations of Node do not know it. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function inflate(bytes: Uint8Array, maxBytes: number): Promise<{ buffer: Buffer; consumed: number }> {
  return new Promise((resolve, reject) => {
    inflateRaw(bytes, { maxOutputLength: maxBytes, info: true }, (cause, result: unknown) => {
      if (cause === null) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
        const { buffer, engine } = result as Inflated;
        resolve({ buffer, consumed: engine.bytesWritten });
      } else if ('code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
        const message = `more than ${String(maxBytes)} bytes when unpacked`;
        reject(new PolicyError('BundleTooLarge', message, { cause }));
      } else reject(unreadable(`damaged gzip data: ${messageOf(cause)}`, cause));
    });
  });
}

function unreadable(message: string, cause?: unknown): PolicyError {
  return new PolicyError('BundleUnreadable', message, { cause });
}
