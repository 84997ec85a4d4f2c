import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export const root = new URL('../../', import.meta.url).pathname;
/** What `make build` wrote. */
export const dist = join(root, 'dist');
/** Made by `make image`: the build's context, the OCI layout, the lists of parts. */
export const output = join(dist, 'image');

/** Downloads, kept between builds; relative XDG paths are to be ignored (XDG Base Directory Specification). */
export function cacheDirectory(): string {
  const xdg = process.env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'rego-csr-approver', 'image');
}
