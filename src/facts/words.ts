import type { RequestInput } from '../decide/input.ts';
import { isRecord } from '../kube/json.ts';
import { nodeOf } from './node.ts';

/** The text that a word of a template stands for in a request; undefined when there is none. */
export function wordOf(word: string, request: RequestInput): string | undefined {
  if (word === 'node_name') return nodeOf(request);
  let inner: unknown = request;
  for (const name of word.split('.')) {
    if (!isRecord(inner) || !Object.hasOwn(inner, name)) return undefined;
    inner = inner[name];
  }
  return typeof inner === 'string' ? inner : undefined;
}
