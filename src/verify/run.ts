import type { DecodeLimits } from '../csr/decoded.ts';
import type { Decision, Policies } from '../decide/decide.ts';
import { decide, decideDecoded } from '../decide/decide.ts';
import type { RequestInput } from '../decide/input.ts';
import { PolicyError } from '../bundle/error.ts';
import type { BundleFiles } from '../bundle/files.ts';
import { Isolate } from '../policy/isolate.ts';
import { withData } from './data.ts';
import type { CaseEntry } from './files.ts';
import type { CaseResult, Outcome, Report } from './outcome.ts';
import { problemsOf } from './outcome.ts';
import type { PreparedCase } from './prepare.ts';

/** How cases are decided. */
export interface RunOptions {
  readonly bundle: BundleFiles;
  /** Loads floor and policies from the files of a bundle. */
  readonly load: (files: BundleFiles, isolate: Isolate) => Promise<Policies>;
  readonly limits: DecodeLimits;
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number;
}

/** A case is about what is decided, not about how fast this machine is. */
const deadlineMs = 10_000;

/** Modules of one isolate: each takes a few MiB. */
const groupsPerIsolate = 16;

/** Cases with the same data. */
type Group = readonly PreparedCase[];

/**
 * Decides cases through the program's own `decide`.
 * @throws CaseError where a case changes data that the bundle does not have
 * @throws PolicyError when the bundle cannot be loaded as it is
 */
export async function runCases(cases: readonly PreparedCase[], options: RunOptions): Promise<Report> {
  const begun = options.clock();
  const groups = [...Map.groupBy(cases, ({ data }) => JSON.stringify(data)).values()];
  const results = new Map<CaseEntry, CaseResult>();
  for (let start = 0; start < groups.length; start += groupsPerIsolate) {
    const isolate = new Isolate({ deadlineMs });
    try {
      for (const group of groups.slice(start, start + groupsPerIsolate)) {
        // oxlint-disable-next-line no-await-in-loop -- one thread evaluates
        for (const result of await runGroup(group, isolate, options)) results.set(...result);
      }
    } finally {
      // oxlint-disable-next-line no-await-in-loop
      await isolate.close();
    }
  }
  const inOrder = cases.flatMap(({ entry }) => results.get(entry) ?? []);
  return { results: inOrder, seconds: (options.clock() - begun) / 1000 };
}

async function runGroup(
  group: Group,
  isolate: Isolate,
  options: RunOptions,
): Promise<[CaseEntry, CaseResult][]> {
  const policies = await loadGroup(group, isolate, options);
  const results: [CaseEntry, CaseResult][] = [];
  for (const one of group) {
    const begun = options.clock();
    // oxlint-disable-next-line no-await-in-loop
    const outcome = 'verdict' in policies ? policies : await decideCase(one, policies, options.limits);
    const seconds = (options.clock() - begun) / 1000;
    results.push([one.entry, resultOf(one.entry, outcome, seconds)]);
  }
  return results;
}

/** The policies with a group's data; where that data is refused, the program would not start: an error for each. */
async function loadGroup(group: Group, isolate: Isolate, options: RunOptions): Promise<Policies | Outcome> {
  const [first] = group;
  const files = withData(options.bundle, first?.data ?? {});
  if ('nowhere' in files) {
    const { source, path } = first?.entry ?? unreachable();
    throw source.error(path, `data: the bundle has nothing to change at ${files.nowhere}`);
  }
  try {
    return await options.load(files, isolate);
  } catch (cause) {
    const changed = Object.keys(first?.data ?? {}).length > 0;
    if (!changed || !(cause instanceof PolicyError)) throw cause;
    const msg = `the policy does not load: ${cause.code}: ${cause.message}`;
    return { verdict: 'error', reasons: [{ code: 'PolicyFailed', msg, source: 'policy' }], warnings: [] };
  }
}

function unreachable(): never {
  throw new TypeError('a group has at least one case');
}

async function decideCase(
  { subject, gather }: PreparedCase,
  policies: Policies,
  limits: DecodeLimits,
): Promise<Outcome> {
  const { verdict }: Decision =
    subject.kind === 'request'
      ? await decide(subject.request, gather, policies, { now: subject.now, limits })
      : // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what no request can say is the point
        await decideDecoded(subject.document as RequestInput, gather, policies);
  return { verdict: verdict.kind, reasons: verdict.reasons, warnings: verdict.warnings };
}

function resultOf({ definition, source, path }: CaseEntry, outcome: Outcome, seconds: number): CaseResult {
  const { id, title, expect } = definition;
  return {
    id,
    title,
    file: source.file,
    line: source.position(path).line,
    expected: expect,
    outcome,
    problems: problemsOf(expect, outcome),
    seconds,
  };
}
