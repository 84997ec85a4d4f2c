/** Of an object of promises, the object of what they come to. */
export async function settled<T extends Readonly<Record<string, Promise<unknown>>>>(
  parts: T,
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const entries = await Promise.all(
    Object.entries(parts).map(async ([name, part]) => [name, await part] as const),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same names, each with its own value
  return Object.fromEntries(entries) as { [K in keyof T]: Awaited<T[K]> };
}
