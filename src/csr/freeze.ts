/** Freezes plain objects and arrays all the way down. For trees of our own making: depth is the type's. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}
