/**
 * Longest text, in characters of JSON, that a module may hand to its host: the arguments of a function that the host
 * supplies, a result, the list of its entrypoints. Twice the longest decision.
 */
const maxText = 512 * 1024;

/**
 * Bounds, in this thread and for good, what passes between a module and the functions of its host. The SDK does that by
 * JSON and lets nobody in between. `sprintf("%400000000d", [1])` is a string that takes no memory before it is written
 * out; that is then one piece larger than the thread's heap, which ends the whole process and not only the thread.
 */
export function limitTexts(): void {
  const { parse, stringify } = JSON;
  JSON.parse = (text: string, ...rest: [never?]): unknown => parse(bounded(text), ...rest);
  JSON.stringify = (value: unknown, ...rest: [never?, never?]): string =>
    stringify(typeof value === 'string' ? bounded(value) : value, ...rest);
}

function bounded(text: string): string {
  if (text.length <= maxText) return text;
  throw new Error(`says too much: ${String(text.length)} characters of JSON, at most ${String(maxText)}`);
}
