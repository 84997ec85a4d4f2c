/** Paths into a document, as masks of OPA's decision log have them: JSON Pointers (RFC 6901), and keys as they are. */

type Container = unknown[] | Record<string, unknown>;

/**
 * Leaves a hole in an array, so that a path goes on to mean what stood there when it was written; `closeHoles` closes it.
 * @returns whether there was something to remove
 */
export function removeAt(document: object, segments: readonly string[]): boolean {
  const found = lastContainer(document, segments);
  return found !== undefined && Reflect.deleteProperty(found.container, found.key);
}

/** Closes the hole in the array that something was removed from, if it was one. */
export function closeHoles(document: object, segments: readonly string[]): void {
  const container = containerOf(document, segments);
  // What is there is visited, holes are not.
  if (Array.isArray(container)) container.splice(0, container.length, ...container.filter(() => true));
}

/**
 * Writes a value, and makes the objects on the way to it, as OPA does; never a place in an array.
 * @returns whether it could be written
 */
export function upsertAt(document: object, segments: readonly string[], value: unknown): boolean {
  let container: unknown = document;
  for (const segment of segments.slice(0, -1)) {
    if (!isContainer(container)) return false;
    const key = keyIn(container, segment);
    if (key === undefined) {
      if (Array.isArray(container)) return false;
      const made = {};
      define(container, unescaped(segment), made);
      container = made;
    } else {
      container = valueIn(container, key);
    }
  }
  const last = segments.at(-1);
  if (!isContainer(container) || last === undefined) return false;
  const key = keyIn(container, last);
  if (key === undefined && Array.isArray(container)) return false;
  define(container, key ?? unescaped(last), value);
  return true;
}

function lastContainer(document: object, segments: readonly string[]) {
  const container = containerOf(document, segments);
  const last = segments.at(-1);
  if (!isContainer(container) || last === undefined) return undefined;
  const key = keyIn(container, last);
  return key === undefined ? undefined : { container, key };
}

/** What the last segment is to be looked up in. */
function containerOf(document: object, segments: readonly string[]): unknown {
  let container: unknown = document;
  for (const segment of segments.slice(0, -1)) {
    const key = isContainer(container) ? keyIn(container, segment) : undefined;
    if (!isContainer(container) || key === undefined) return undefined;
    container = valueIn(container, key);
  }
  return container;
}

/** The key that a segment names, if it is there: as it stands, which is OPA's way, or with RFC 6901's escapes. */
function keyIn(container: Container, segment: string): string | undefined {
  if (Array.isArray(container)) {
    return /^(0|[1-9][0-9]*)$/.test(segment) && Object.hasOwn(container, segment) ? segment : undefined;
  }
  return [segment, unescaped(segment)].find((key) => Object.hasOwn(container, key));
}

const unescaped = (segment: string): string => segment.replaceAll('~1', '/').replaceAll('~0', '~');

function valueIn(container: Container, key: string): unknown {
  return Array.isArray(container) ? container[Number(key)] : container[key];
}

/** Not by assignment, for which `__proto__` is no key. */
function define(container: Container, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}
