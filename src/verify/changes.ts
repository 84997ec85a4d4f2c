/** A JSON object that is still being put together. */
export type Json = Record<string, unknown>;

/** The member at a dotted path. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (isJson(inner) ? inner[key] : undefined), value);
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Sets or, with null, removes members by dotted path.
 * @returns the first path whose parent is not there, which is a mistake; undefined when all is done
 */
export function change(object: Json, changes: Readonly<Json>): string | undefined {
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.length === 0 ? object : at(object, keys.join('.'));
    if (!isJson(parent) || path.includes('__proto__')) return path;
    if (value === null) delete parent[last];
    else parent[last] = structuredClone(value);
  }
  return undefined;
}
