import { refusals } from '../csr/refusals.ts';
import type { ReasonRule } from '../policy/reasons.ts';
import type { ReasonKind, Reference, Rulebook } from '../policy/rulebook.ts';
import type { Policies } from './decide.ts';
import { hostReasons } from './host-reasons.ts';
import type { InputDocument } from './input.ts';
import type { Reason, ReasonSource, Verdict } from './verdict.ts';

/** What stands behind one reason of a verdict. */
export interface Explanation {
  readonly code: string;
  readonly source: ReasonSource;
  /** The rule that gave it, `PACKAGE.NAME`, and where it is written, `FILE:LINE`. */
  readonly rule?: string;
  readonly place?: string;
  /** Places of other rules that have the same code and can have given it as well. */
  readonly also?: readonly string[];
  /** Clause of the standard that the request breaks. */
  readonly clause?: string;
  readonly title: string;
  readonly description: string;
  readonly remedy: string;
  /** What the rule attached beside code and message. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Values that the rule reads, itself or by rules that it names, by their paths in input and data. */
  readonly compared?: Readonly<Record<string, unknown>>;
  /** Paths that it reads as well, and where nothing is. */
  readonly absent?: readonly string[];
  /** What cannot be told, and how to find it out. */
  readonly note?: string;
}

/** Names the rule that gave a reason of such a set; undefined where none did, or it is not known. */
export type RuleOf = (reason: Reason, kind: ReasonKind | undefined) => string | undefined;

/** The decision that is explained, and by whom it was made. */
export interface Explained {
  readonly verdict: Verdict;
  readonly input: InputDocument | undefined;
  readonly signerName: string;
  readonly policies: Policies;
}

/** Explains every reason and warning of a verdict, in their order: reasons first. */
export function explainDecision(explained: Explained): Explanation[] {
  const { verdict } = explained;
  return [
    ...verdict.reasons.map((reason) => explainReason(reason, kindOf(verdict), explained)),
    ...verdict.warnings.map((reason) => explainReason(reason, 'warn', explained)),
  ];
}

/**
 * The rule that gave a reason, in a word for a log: `csr.kubelet_serving: addresses.rego:42`. Undefined where it is not
 * Rego's, or no METADATA tells. Cheap: what was found is kept with the policy.
 */
export function ruleOf(
  { code, source }: Reason,
  kind: ReasonKind | undefined,
  { signerName, policies }: Pick<Explained, 'signerName' | 'policies'>,
): string | undefined {
  const [rule] = bookOf(source, signerName, policies)?.rulesOf(code, kind) ?? [];
  return rule && `${rule.package}: ${rule.file.slice(rule.file.lastIndexOf('/') + 1)}:${String(rule.line)}`;
}

/** The set of reasons that makes such a verdict. */
export function kindOf({ kind }: Verdict): ReasonKind | undefined {
  return kind === 'deny' || kind === 'wait' ? kind : undefined;
}

function explainReason(reason: Reason, kind: ReasonKind | undefined, explained: Explained): Explanation {
  const { code, source, details } = reason;
  const refusal = source === 'decoder' ? tableRow(refusals, code) : undefined;
  if (refusal !== undefined) {
    const { meaning, clause, remedy } = refusal;
    return { code, source, clause, title: meaning, description: '', remedy };
  }
  const book = bookOf(source, explained.signerName, explained.policies);
  const rules = book?.rulesOf(code, kind) ?? [];
  const [rule] = rules;
  if (book !== undefined && rule !== undefined)
    return byRule(reason, book, [rule, ...rules.slice(1)], explained.input);
  const host = tableRow(hostReasons, code);
  const attached = details && { details };
  if (host !== undefined) {
    const note = code === 'NotAllowed' && book !== undefined ? { note: whyNotAllowed(book) } : undefined;
    return { code, source, title: host.meaning, description: '', remedy: host.remedy, ...attached, ...note };
  }
  return { code, source, title: '', description: '', remedy: '', ...attached, note: withoutMetadata };
}

const withoutMetadata =
  'no rule of the bundle states this code in its METADATA, so that nothing more is known of it: add custom.code, title, description and custom.remedy to the rule';

/** No reason speaks against it, so one of the requirements does not hold that no rule explains. Which, nobody says. */
function whyNotAllowed(book: Rulebook): string {
  const places = book.placesOf('allow');
  const where = places.length === 0 ? '' : ` (${places.slice(0, 4).join(', ')})`;
  return `which requirement of allow${where} does not hold, the decision does not say: \`opa eval -b DIR -i INPUT --explain=fails data.${book.root}.allow\` does, with the input document that \`review -o json\` prints`;
}

function byRule(
  { code, source, details }: Reason,
  book: Rulebook,
  [rule, ...others]: readonly [ReasonRule, ...ReasonRule[]],
  input: InputDocument | undefined,
): Explanation {
  const paths = book.reads(rule);
  const compared = paths.map((path): [string, unknown] => [written(path), valueAt(path, book, input)]);
  const absent = compared.flatMap(([path, value]) => (value === undefined ? [path] : []));
  return {
    code,
    source,
    rule: `${rule.package}.${rule.name}`,
    place: placeOf(rule),
    ...(others.length > 0 && { also: others.map(placeOf) }),
    title: rule.title,
    description: rule.description,
    remedy: rule.remedy,
    ...(details && { details }),
    compared: Object.fromEntries(compared.filter(([, value]) => value !== undefined)),
    ...(absent.length > 0 && { absent }),
  };
}

function bookOf(source: ReasonSource, signerName: string, policies: Policies): Rulebook | undefined {
  if (source === 'floor') return policies.floor.rules.get(signerName);
  return source === 'policy' ? policies.signers.get(signerName)?.rules : undefined;
}

function placeOf({ file, line }: ReasonRule): string {
  return `${file}:${String(line)}`;
}

/** As Rego writes it. */
function written(path: Reference): string {
  const [head = '', ...rest] = path;
  return head + rest.map((part) => (/^\w+$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`)).join('');
}

/** Undefined where there is nothing: no request, a fact that was not asked for, a name of a rule behind the value. */
function valueAt([from, ...path]: Reference, book: Rulebook, input: InputDocument | undefined): unknown {
  let value: unknown = from === 'data' ? book.data : input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(part);
  }
  return value;
}

function tableRow<T>(table: Readonly<Record<string, T>>, code: string): T | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
