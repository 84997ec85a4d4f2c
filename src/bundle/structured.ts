import { messageOf } from '../text/message.ts';
import { PolicyError, type PolicyErrorCode } from './error.ts';
import { type Json, parseJson, plain } from './json.ts';
import { textOf } from './text.ts';
import { parseYaml } from './yaml.ts';

/**
 * Longest file that is read as a value, in bytes. It must be read before it is known to be what was signed, and nothing
 * else is done meanwhile; YAML takes some seconds for each MiB.
 */
const maxStructuredBytes = { json: 4 * 1024 * 1024, yaml: 256 * 1024 } as const;

/** Files that OPA reads as values, wherever they lie: v1/bundle/bundle.go, IsStructuredDoc. */
export function isStructured(path: string): boolean {
  return isData(path) || baseName(path) === '.manifest';
}

export function isData(path: string): boolean {
  return ['data.json', 'data.yaml', 'data.yml'].includes(baseName(path));
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function formatOf(path: string): keyof typeof maxStructuredBytes {
  return /\.ya?ml$/.test(path) ? 'yaml' : 'json';
}

/** Refuses what is too long to be read, whatever it says. */
export function checkSize(length: number, path: string, code: PolicyErrorCode): void {
  const format = formatOf(path);
  if (length <= maxStructuredBytes[format]) return;
  const hint = format === 'yaml' ? 'write it as JSON' : 'keep large data out of the bundle';
  const most = String(maxStructuredBytes[format]);
  throw new PolicyError(code, `${path}: more than ${most} bytes of ${format.toUpperCase()}: ${hint}`);
}

/** The value of a structured file with its numbers as text, as signatures are made over it. */
export function readLiteral(bytes: Uint8Array, path: string, code: PolicyErrorCode): Json {
  checkSize(bytes.length, path, code);
  const text = textOf(bytes, path);
  return guarded(path, code, () => (formatOf(path) === 'yaml' ? parseYaml(text) : parseJson(text)));
}

/** The value of a structured file, as policies compute with it. */
export function readValue(bytes: Uint8Array, path: string, code: PolicyErrorCode): unknown {
  const value = readLiteral(bytes, path, code);
  return guarded(path, code, () => plain(value));
}

function guarded<T>(path: string, code: PolicyErrorCode, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new PolicyError(code, `${path}: ${messageOf(cause)}`, { cause });
  }
}
