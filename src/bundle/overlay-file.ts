import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { escapeText } from '../text/escape.ts';
import { whyUnreadable } from '../text/message.ts';
import { PolicyError } from './error.ts';
import { readJson } from './overlay-json.ts';
import { readYaml } from './overlay-yaml.ts';
import type { Overlay } from './overlay.ts';

/**
 * Longest overlay, in bytes. What a policy's memory takes is not much more than the JSON. Reading YAML takes some
 * seconds for each MiB, in which the program does nothing else: large ones are not written by people, and can be JSON.
 */
export const maxOverlayBytes = { json: 2 * 1024 * 1024, yaml: 256 * 1024 } as const;

/** Nothing that a person writes is deeper; both engines recurse. */
const maxDepth = 64;

/**
 * Reads data overlays, in the order given.
 * @throws PolicyError OverlayUnreadable at the first that cannot be read in one way only
 */
export async function readOverlays(files: readonly string[]): Promise<Overlay[]> {
  const overlays: Overlay[] = [];
  // oxlint-disable-next-line no-await-in-loop -- the first problem is the one to report
  for (const file of files) overlays.push(parseOverlay(await bytesOf(file), file));
  return overlays;
}

/**
 * Reads one overlay from its bytes. A name that ends in `.json` makes it JSON, any other YAML.
 * @param file only names it
 */
export function parseOverlay(bytes: Uint8Array, file: string): Overlay {
  const format = file.endsWith('.json') ? 'json' : 'yaml';
  if (bytes.length > maxOverlayBytes[format]) {
    const hint = format === 'yaml' ? ': write it as JSON, in a file whose name ends in .json' : '';
    throw unreadable(file, `has more than ${String(maxOverlayBytes[format])} bytes${hint}`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(file, 'is not UTF-8 text', undefined, cause);
  }
  const read = format === 'json' ? readJson(text) : readYaml(text);
  if ('problem' in read) throw unreadable(file, read.problem, read.line);
  const { value, lineOf } = read;
  if (!isObject(value)) {
    throw unreadable(file, 'an object is expected, with a key for each word of a path below data');
  }
  for (const { path, problem } of strange(value, [])) {
    throw unreadable(file, `${escapeText(path.join('.'))}: ${problem}`, lineOf(path));
  }
  return { file, data: value, lineOf };
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    // Without O_NONBLOCK a pipe that nobody writes to would keep the program for ever.
    // oxlint-disable-next-line no-bitwise
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile())
        throw unreadable(file, 'is not a file: name each overlay by itself');
      const buffer = Buffer.alloc(maxOverlayBytes.json + 1);
      let length = 0;
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one piece after the other
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length);
      }
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw unreadable(file, whyUnreadable(cause, '`policy.data` or `--data`'), undefined, cause);
  }
}

/** What JSON, JavaScript and WebAssembly do not agree about. */
function* strange(value: unknown, path: readonly string[]): Generator<{ path: string[]; problem: string }> {
  const problem = problemOf(value, path);
  if (problem !== undefined) yield { path: [...path], problem };
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (key === '__proto__' || !key.isWellFormed()) yield { path: [...path, key], problem: 'no key' };
      else yield* strange(inner, [...path, key]);
    }
  }
}

function problemOf(value: unknown, path: readonly string[]): string | undefined {
  if (path.length > maxDepth) return `deeper than ${String(maxDepth)} levels`;
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'half a character';
  if (typeof value !== 'number') return undefined;
  const exact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return exact ? undefined : 'a number that not every program can hold: give a smaller one';
}

function unreadable(file: string, message: string, line?: number, cause?: unknown): PolicyError {
  const where = `${escapeText(file, 1024)}${line === undefined ? '' : `:${String(line)}`}`;
  return new PolicyError('OverlayUnreadable', `${where}: ${message}`, { cause });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
