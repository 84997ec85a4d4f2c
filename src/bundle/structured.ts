import { messageOf } from '../text/message.ts';
import { PolicyError, type PolicyErrorCode } from './error.ts';
import { type Json, parseJson, plain } from './json.ts';
import { textOf } from './text.ts';
import { parseYaml } from './yaml.ts';

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

/** The value of a structured file with its numbers as text, as signatures are made over it. */
export function readLiteral(bytes: Uint8Array, path: string, code: PolicyErrorCode): Json {
  const text = textOf(bytes, path);
  return guarded(path, code, () => (/\.ya?ml$/.test(path) ? parseYaml(text) : parseJson(text)));
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
