import type { KeyObject } from 'node:crypto';
import { CompactSign } from 'jose';

/** Changes of the files of a signed bundle, and of the token in its signature. */
export type Files = Map<string, Uint8Array>;
export type Change = (files: Files) => void | Promise<void>;

export const text = (files: Files, path: string) => Buffer.from(files.get(path) ?? '').toString();
export const put =
  (path: string, content: string): Change =>
  (files) =>
    void files.set(path, Buffer.from(content));
export const flip =
  (path: string): Change =>
  (files) => {
    const bytes = Buffer.from(files.get(path) ?? '');
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    files.set(path, bytes);
  };
export interface Token {
  header: Record<string, unknown>;
  payload: { files: { name: string; hash: string; algorithm: string }[]; [claim: string]: unknown };
}
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
export const token = (files: Files) =>
  String((JSON.parse(text(files, '.signatures.json')) as { signatures: string[] }).signatures[0]);
export const write = (files: Files, ...signatures: string[]) =>
  put('.signatures.json', JSON.stringify({ signatures }))(files);
/** The token with something changed in it, and the old signature. */
export const forged =
  (change: (token: Token) => void): Change =>
  (files) => {
    const [header = '', payload = '', signature = ''] = token(files).split('.');
    const parsed = [header, payload].map((t): unknown => JSON.parse(Buffer.from(t, 'base64url').toString()));
    const value = { header: parsed[0], payload: parsed[1] } as Token;
    change(value);
    return write(files, `${part(value.header)}.${part(value.payload)}.${signature}`);
  };
/** The token with something changed in it, signed anew by that key. */
export const signedAnew =
  (change: (token: Token) => void, key: KeyObject | Uint8Array): Change =>
  async (files) => {
    await forged(change)(files);
    const [header = '', payload = ''] = token(files).split('.');
    const signing = new CompactSign(Buffer.from(payload, 'base64url'));
    const head = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string };
    await write(files, await signing.setProtectedHeader(head).sign(key));
  };
