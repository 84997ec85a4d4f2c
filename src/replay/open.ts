import { createReadStream } from 'node:fs';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BrokenLog, type LogFile } from './replay.ts';

/** So much is read at once: a record is more than a few of these only where something is odd. */
const chunkBytes = 256 * 1024;

/** A log in a file, compressed or not. */
export function openFile(path: string): LogFile {
  return { name: path, chunks: () => unpacked(createReadStream(path, { highWaterMark: chunkBytes })) };
}

/** A log that comes by itself. */
export function openStream(name: string, stream: () => AsyncIterable<Uint8Array>): LogFile {
  return { name, chunks: () => unpacked(stream()) };
}

/** What is in gzip (RFC 1952) says so itself: names of rotated files tell nothing. */
async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let isMore = true;
  while (isMore && head.reduce((sum, { length }) => sum + length, 0) < 2) {
    // oxlint-disable-next-line no-await-in-loop -- until there are two bytes
    const next = await iterator.next();
    if (next.done === true) isMore = false;
    else head.push(next.value);
  }
  const whole = joined(Buffer.concat(head), isMore ? iterator : undefined);
  const [first, second] = Buffer.concat(head);
  if (first !== 0x1f || second !== 0x8b) {
    yield* whole;
    return;
  }
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  pipeline(Readable.from(whole), gunzip, () => undefined);
  const bytes: AsyncIterable<Uint8Array> = gunzip;
  try {
    yield* bytes;
  } catch (cause) {
    const isDamage = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_');
    throw isDamage ? new BrokenLog(cause.message, { cause }) : cause;
  }
}

async function* joined(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  if (rest !== undefined) yield* { [Symbol.asyncIterator]: () => rest };
}
