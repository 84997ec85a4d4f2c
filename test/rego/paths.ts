import { fileURLToPath } from 'node:url';

/** An absolute path below policies/. */
export function policiesPath(path = ''): string {
  return fileURLToPath(new URL(`../../policies/${path}`, import.meta.url));
}
