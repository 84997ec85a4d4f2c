import { currentFormat, type DecisionLine, decisionLineSchema } from '../decision-log/line.ts';
import { requestIn } from '../decision-log/read-request.ts';
import type { Facts, RequestInput } from '../decide/input.ts';
import { factsSchema, inputSchema } from '../decide/input.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { Skipped } from './skipped.ts';
import { skip } from './skipped.ts';

/** A decision as a log has it, with what it takes to make it again. */
export interface Logged {
  readonly line: DecisionLine;
  readonly subject: Subject;
}

/** What is decided: the document with its facts, or, where the decoder refused it, the request. */
export type Subject =
  | { readonly kind: 'document'; readonly document: RequestInput; readonly facts: Facts }
  | { readonly kind: 'request'; readonly request: CertificateRequest; readonly now: Date };

/** Longer ones are none of ours, and are remembered for a while. */
const maxId = 128;

/** A runtime, or `kubectl logs --timestamps --prefix`, writes a few words in front of a line. */
const maxPrefix = 512;

/** Version of the input document. */
const currentInput = 1;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads a record of a log. Never throws; what cannot be decided again says why, and nothing of it is guessed. */
export function readLine(bytes: Uint8Array): Logged | Skipped {
  const value = parse(bytes);
  if ('skipped' in value) return value;
  const { object } = value;
  if (!isRecord(object) || typeof object['decision_id'] !== 'string' || !isRecord(object['labels']))
    return skip('OtherLine');
  const custom = object['custom'];
  const format = isRecord(custom) ? custom['format'] : undefined;
  if (typeof format !== 'number') return skip('ForeignDecision');
  if (format > currentFormat) return skip('FormatNewer', `format ${String(format)}`);
  const result = decisionLineSchema.safeParse(object);
  if (!result.success || result.data.decision_id.length > maxId)
    return skip('LineInvalid', result.success ? 'decision_id' : firstPath(result.error.issues));
  return readSubject(result.data);
}

function readSubject(line: DecisionLine): Logged | Skipped {
  // Before what is erased, which names the input as well.
  if (line.custom.failure !== undefined) return skip('InputLeftOut', line.custom.failure.code);
  // Without an input the request is what is decided, and what it is called.
  const source = line.input === undefined ? /^\/(input|custom\/request|custom\/csr)(\/|$)/ : /^\/input(\/|$)/;
  const touched = [...(line.erased ?? []), ...(line.masked ?? [])].filter((path) => source.test(path));
  if (touched.length > 0) return skip('Masked', ...touched);
  if (line.input === undefined) {
    const request = requestIn(line);
    if (request === undefined) return skip('RequestLeftOut');
    return { line, subject: { kind: 'request', request, now: new Date(line.timestamp) } };
  }
  const version = isRecord(line.input) ? line.input['version'] : undefined;
  if (typeof version === 'number' && version > currentInput)
    return skip('FormatNewer', `input ${String(version)}`);
  const input = inputSchema.safeParse(line.input);
  if (!input.success) return skip('InputInvalid', firstPath(input.error.issues));
  const [request, facts]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const [name, value] of Object.entries(input.data))
    (Object.hasOwn(factsSchema.shape, name) ? facts : request)[name] = value;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two parts of what was just held to its schema
  return { line, subject: { kind: 'document', document: request as RequestInput, facts } };
}

function parse(bytes: Uint8Array): { readonly object: unknown } | Skipped {
  let text;
  try {
    text = utf8.decode(bytes);
  } catch {
    return bytes[0] === 0x7b ? skip('LineBroken', 'not UTF-8') : skip('OtherLine');
  }
  const begin = text.slice(0, maxPrefix).search(/(?<=^|\s)\{/);
  if (begin < 0) return skip('OtherLine');
  try {
    return { object: JSON.parse(begin === 0 ? text : text.slice(begin)) };
  } catch {
    // Behind other words it is a sentence, unless it begins as ours do.
    return begin === 0 || text.startsWith('{"labels"', begin) ? skip('LineBroken') : skip('OtherLine');
  }
}

function firstPath([issue]: readonly { readonly path: readonly PropertyKey[] }[]): string {
  return issue?.path.map(String).join('.') ?? '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
