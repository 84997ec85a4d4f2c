import type { z } from 'zod';
import { type Facts, factsSchema, inputSchema, type RequestInput, requestSchema } from '../decide/input.ts';
import type { OfflineFacts } from '../facts/offline.ts';
import { escapeText } from '../text/escape.ts';
import { type ManifestDocument, readDocuments } from './documents.ts';
import { CommandError } from './error.ts';
import type { IO } from './io.ts';

/** Problems name fields, and so may repeat keys that strangers chose. */
const maxProblem = 1024;

/** Reads a document strictly: a key too many is as wrong as one too few. */
export function readAs<T extends z.ZodObject>(
  schema: T,
  { object, where }: ManifestDocument,
  code: string,
): z.infer<T> {
  const result = schema.safeParse(object);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue?.path.length ? `${issue.path.join('.')}: ` : '';
  const problem = escapeText(`${at}${issue?.message ?? 'invalid'}`, maxProblem);
  throw new CommandError(code, `${where}: ${problem} (fields: ${Object.keys(schema.shape).join(', ')})`);
}

/** Reads `--facts` documents: each may hold some facts, and together they hold each once. */
export async function readFacts(files: readonly string[], io: IO): Promise<Facts> {
  const all: Facts = {};
  for (const document of await readDocuments(files, io)) {
    const { sar, lookups, ...plain } = readAs(factsSchema, document, 'FactsInvalid');
    for (const name of Object.keys(plain)) refuseIf(Object.hasOwn(all, name), name);
    for (const name of Object.keys(sar ?? {})) refuseIf(Object.hasOwn(all.sar ?? {}, name), `sar.${name}`);
    for (const name of Object.keys(lookups ?? {}))
      refuseIf(Object.hasOwn(all.lookups ?? {}, name), `lookups.${name}`);
    Object.assign(all, plain);
    if (sar !== undefined) all.sar = { ...all.sar, ...sar };
    if (lookups !== undefined) all.lookups = { ...all.lookups, ...lookups };
  }
  return all;
}

/** Whatever `--facts` says, no other option says as well. */
export function refuseTwice({ given = {}, nodes, cluster, sar }: OfflineFacts): void {
  refuseIf(nodes !== undefined && given.node !== undefined, 'node');
  refuseIf(nodes !== undefined && given.claims !== undefined, 'claims');
  refuseIf(cluster !== undefined && given.cluster !== undefined, 'cluster');
  for (const name of Object.keys(sar)) refuseIf(Object.hasOwn(given.sar ?? {}, name), `sar.${name}`);
}

function refuseIf(twice: boolean, fact: string): void {
  if (twice) throw new CommandError('FactsInvalid', `fact ${fact} is given twice`);
}

/** A captured document, in its two parts. */
export interface CapturedInput {
  readonly request: RequestInput;
  readonly facts: Facts;
}

/** Reads whole input documents, as `capture` writes them. */
export async function readInputs(files: readonly string[], io: IO): Promise<CapturedInput[]> {
  const documents = await readDocuments(files, io);
  return documents.map((document) => {
    const input = readAs(inputSchema, document, 'InputInvalid');
    return { request: requestOnly.parse(input), facts: factsOnly.parse(input) };
  });
}

/** Each leaves the other's fields out. */
const requestOnly = requestSchema.strip();
const factsOnly = factsSchema.strip();
