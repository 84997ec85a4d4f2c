import type { MaskRule } from '../policy/mask-rules.ts';
import type { DecisionLine, ReasonOfLine } from './line.ts';
import { closeHoles, removeAt, upsertAt } from './pointer.ts';

/**
 * A line after its masks, as OPA applies them: what leads nowhere is passed over, and what was done is listed. Otherwise than
 * there each path means the line that the masks were told of: what is taken out of an array moves nothing into its place.
 *
 * What a mask takes from `input` or `result` stands elsewhere too, and goes there as well: the user in `requested_by`, names
 * and times in `custom.csr`, all of the request in `custom.request`, and parts of it in the sentences of reasons, whoever
 * made them. This is by the paths of the masks, not by what they found: a mask is to hold for requests without `input` too.
 * Codes are constants of the rules, and stay.
 */
export function masked(line: DecisionLine, rules: readonly MaskRule[]): DecisionLine {
  if (rules.length === 0) return line;
  const copy = deepCopy(line);
  const erased: string[] = [];
  const replaced: string[] = [];
  for (const { op, pointer, segments, value } of rules) {
    if (op === 'remove') {
      if (removeAt(copy, segments)) erased.push(pointer);
    } else if (isThere(copy, segments) && upsertAt(copy, segments, value)) {
      replaced.push(pointer);
    }
  }
  // From the inside, so that the paths to holes still lead there.
  const removed = rules.filter(({ op }) => op === 'remove').map(({ segments }) => segments);
  for (const segments of removed.sort((a, b) => b.length - a.length)) closeHoles(copy, segments);
  const reaches = (path: readonly string[]) => rules.some(({ segments }) => overlap(segments, path));
  for (const [there, original] of repeated) {
    if (reaches(original) && removeAt(copy, there)) erased.push(`/${there.join('/')}`);
  }
  if (reaches(['input']) || reaches(['result'])) eraseTexts(copy);
  if (erased.length > 0) copy.erased = erased;
  if (replaced.length > 0) copy.masked = replaced;
  return copy;
}

/** Why a line tells less than it should; `message` is of our own words, since what failed may have seen anything. */
export type Failure = NonNullable<DecisionLine['custom']['failure']>;

/** A line without anything that a mask could have taken: what is left says that there was a decision, and which. */
export function withheld(line: DecisionLine, failure: Failure): DecisionLine {
  // Not what may be large; and no more is copied than is changed, since what rules attach may be nested too deeply for it.
  const { input, result, ...rest } = line;
  const { floor, request, csr, verdict, shadow, ...custom } = line.custom;
  const large = { '/input': input, '/result': result, '/custom/floor': floor, '/custom/request': request };
  const copy: DecisionLine = {
    ...rest,
    custom: {
      ...custom,
      csr: { ...csr },
      verdict: { ...verdict },
      ...(shadow && { shadow: { ...shadow, ...(shadow.verdict && { verdict: { ...shadow.verdict } }) } }),
      failure,
    },
  };
  eraseTexts(copy);
  copy.erased = [
    ...Object.entries(large).flatMap(([pointer, value]) => (value === undefined ? [] : [pointer])),
    ...repeated.flatMap(([there]) => (removeAt(copy, there) ? [`/${there.join('/')}`] : [])),
  ];
  return copy;
}

/** What stands in a line again, and where it is taken from. */
const repeated: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['requested_by'], ['input', 'requestor', 'username']],
  [
    ['custom', 'csr', 'name'],
    ['input', 'name'],
  ],
  [
    ['custom', 'csr', 'uid'],
    ['input', 'uid'],
  ],
  [
    ['custom', 'csr', 'created_at'],
    ['input', 'created_at'],
  ],
  [
    ['custom', 'csr', 'signer_name'],
    ['input', 'signer_name'],
  ],
  // The request itself, which is in no order in which parts of it could be taken out.
  [['custom', 'request'], ['input']],
];

/** Whether one leads to the other, or into it. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
  const length = Math.min(one.length, other.length);
  return one.slice(0, length).every((segment, at) => segment === other[at]);
}

/** OPA writes nothing over a document that is not there. */
function isThere(line: DecisionLine, [root, name]: readonly string[]): boolean {
  if (root === 'custom' && name !== undefined) return Object.hasOwn(line.custom, name);
  return root !== undefined && Object.hasOwn(line, root);
}

/** Takes the sentences out of a line, and whatever else rules attached to a reason. */
function eraseTexts(line: DecisionLine): void {
  const { verdict, floor, shadow } = line.custom;
  line.custom.texts_erased = true;
  for (const one of [verdict, shadow?.verdict]) {
    if (one === undefined) continue;
    one.reasons = one.reasons.map(bare);
    one.warnings = one.warnings.map(bare);
  }
  if (line.error !== undefined) line.error = { code: line.error.code };
  if ('result' in line) line.result = bareDecision(line.result);
  if (isObject(floor)) {
    line.custom.floor = {
      ...('form' in floor && { form: bareDecision(floor['form']) }),
      ...('facts' in floor && { facts: bareDecision(floor['facts']) }),
    };
  }
}

/** The decoder's words are constants: it never repeats text of a request. */
function bare(reason: ReasonOfLine): ReasonOfLine {
  return reason.source === 'decoder' ? reason : { code: reason.code, source: reason.source };
}

/** What a rule decided, with the codes of its reasons; whatever has another shape is not told at all. */
function bareDecision(decision: unknown): unknown {
  if (!isObject(decision)) return undefined;
  const told: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(decision)) {
    if (['allow', 'pass'].includes(name) && typeof value === 'boolean') told[name] = value;
    if (['deny', 'wait', 'warn'].includes(name) && Array.isArray(value)) {
      told[name] = value.map((reason) => ({ code: codeOf(reason) }));
    }
  }
  return told;
}

function codeOf(reason: unknown): string {
  return isObject(reason) && typeof reason['code'] === 'string' ? reason['code'] : 'Unspecified';
}

/** A line is JSON. */
function deepCopy<T>(value: T): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(JSON.stringify(value)) as T;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
