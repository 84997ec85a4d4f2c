import { z } from 'zod';

/** What is to be taken out of a line of the decision log, or written over. */
export interface MaskRule {
  readonly op: 'remove' | 'upsert';
  /** As the policy wrote it. */
  readonly pointer: string;
  /** Of the pointer, between its slashes. */
  readonly segments: readonly string[];
  /** What to write over it. */
  readonly value: unknown;
}

/** As `data.system.log.mask` has it in OPA (plugins/logs/mask.go of OPA 1.22): a path, or what to do with it. */
const written = z.array(
  z.union([
    z.string(),
    z.object({ op: z.enum(['remove', 'upsert']), path: z.string(), value: z.unknown().optional() }),
  ]),
);

const index = /^(0|[1-9][0-9]{0,5})$/;

/** What may be addressed; beyond OPA's three, the places of a line that may repeat them. */
const addressable: readonly ((segments: readonly string[]) => boolean)[] = [
  ([root]) => root === 'input' || root === 'result' || root === 'nd_builtin_cache',
  ([root, ...more]) => root === 'requested_by' && more.length === 0,
  ([root, name, ...more]) => root === 'error' && name === 'message' && more.length === 0,
  ([root, name, field, ...more]) =>
    root === 'custom' && name === 'csr' && field !== undefined && more.length === 0,
  ([root, name]) => root === 'custom' && (name === 'request' || name === 'floor'),
  ([root, name, ...more]) => root === 'custom' && name === 'verdict' && isOfReason(more),
  ([root, name, verdict, ...more]) =>
    root === 'custom' && name === 'shadow' && verdict === 'verdict' && isOfReason(more),
];

function isOfReason([list = '', at = '', field = '']: readonly string[]): boolean {
  return ['reasons', 'warnings'].includes(list) && index.test(at) && ['msg', 'details'].includes(field);
}

/**
 * Reads the value of a mask.
 * @returns its rules in OPA's order, since a set comes in any; or what is wrong with it, in words that tell nothing of it
 */
export function readMaskRules(value: unknown): readonly MaskRule[] | { readonly problem: string } {
  const result = written.safeParse(value);
  if (!result.success) {
    return { problem: 'not a set of paths, or of {op, path, value} with the op remove or upsert' };
  }
  const rules: MaskRule[] = [];
  for (const one of result.data) {
    const rule = typeof one === 'string' ? { op: 'remove' as const, path: one, value: undefined } : one;
    const [before, ...segments] = rule.path.split('/');
    if (before !== '' || !addressable.some((takes) => takes(segments))) {
      return { problem: 'a path that leads to nothing that can be masked' };
    }
    rules.push({ op: rule.op, pointer: rule.path, segments, value: rule.value ?? null });
  }
  return rules.sort((a, b) => compare(a.op, b.op) || compare(a.pointer, b.pointer));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
