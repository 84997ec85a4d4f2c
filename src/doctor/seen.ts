/** Why something could not be looked at, and which rule of RBAC would show it. */
export interface Unseen {
  readonly why: string;
  /** In words of RBAC, such as `list nodes`; empty where no permission helps. */
  readonly permission: string;
}

/** What was looked at, or why it could not be. What is not there is seen: `undefined` is a value. */
export type Seen<T> = { readonly value: T } | { readonly unseen: Unseen };

export const seen = <T>(value: T): Seen<T> => ({ value });

export const unseen = (why: string, permission = ''): Seen<never> => ({ unseen: { why, permission } });

/** All of them, or why some could not be seen: whoever asks for what is missing asks once. */
export function all<T extends readonly Seen<unknown>[]>(
  ...parts: T
): Seen<{ readonly [I in keyof T]: T[I] extends Seen<infer V> ? V : never }> {
  const values: unknown[] = [];
  const missing: Unseen[] = [];
  for (const part of parts) {
    if ('unseen' in part) missing.push(part.unseen);
    else values.push(part.value);
  }
  if (missing.length > 0) {
    const [why, permission] = (['why', 'permission'] as const).map((key) => [
      ...new Set(missing.map((one) => one[key]).filter((text) => text !== '')),
    ]);
    return unseen(why?.join('; ') ?? '', permission?.join(' and '));
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one value for each part, in their order
  return { value: values as { readonly [I in keyof T]: T[I] extends Seen<infer V> ? V : never } };
}

/** What was seen; undefined both where it is not there and where it could not be seen: for hints, never for a verdict. */
export const hint = <T>(part: Seen<T>): T | undefined => ('value' in part ? part.value : undefined);
