import type { Gather } from '../decide/facts.ts';
import { inputSchema } from '../decide/input.ts';
import type { CertificateRequest } from '../decide/request.ts';
import { readRequest } from '../decide/request.ts';
import type { AddressCap } from '../facts/node.ts';
import type { Json } from './changes.ts';
import { at, change } from './changes.ts';
import { describedRequest, makeRequest } from './description.ts';
import { applyChanges, factNames, factsOf, gatherFrom, gatherFromDocument } from './facts.ts';
import type { CaseEntry } from './files.ts';
import { resolveObject } from './files.ts';
import type { KeyRing } from './keys.ts';

/** A case that is ready to be decided. */
export interface PreparedCase {
  readonly entry: CaseEntry;
  readonly subject: Subject;
  readonly gather: Gather;
  /** Every fact about the request, whether a policy asks for it or not. */
  readonly factsAbout: (request: Json) => Json;
  /** Changes to the bundle's data, by dotted path. */
  readonly data: Readonly<Json>;
}

/** What is decided: a request, which is decoded first, or a document. */
type Subject =
  | { readonly kind: 'request'; readonly request: CertificateRequest; readonly now: Date }
  | { readonly kind: 'document'; readonly document: Json };

/** Default policies by signer: whose `config` a case changes. */
const configPaths: Readonly<Record<string, string>> = {
  'kubernetes.io/kube-apiserver-client-kubelet': 'csr.kubelet_client.config',
};
const servingConfig = 'csr.kubelet_serving.config';

/** @throws CaseError where the case says what cannot be */
export async function prepareCase(entry: CaseEntry, keys: KeyRing, cap: AddressCap): Promise<PreparedCase> {
  const { definition } = entry;
  if (definition.capture !== undefined) return capturedCase(entry, definition.capture);
  if (definition.document === true) {
    const document = describedRequest(entry);
    return documentCase(entry, document, factsOf(entry, document, cap));
  }
  const { request, now } =
    definition.csr === undefined ? await makeRequest(entry, keys) : manifestCase(entry, definition.csr);
  const factsAbout = (document: Json) => factsOf(entry, document, cap);
  // Now, and not only once the request has passed the floor's form: a mistake in the case must show.
  factsAbout({ requestor: { username: request.username } });
  return {
    entry,
    subject: { kind: 'request', request, now },
    gather: gatherFrom(factsAbout),
    factsAbout,
    data: dataOf(entry, request.signerName),
  };
}

/** A document that `capture` wrote: the request and its facts, as they were. */
function capturedCase(entry: CaseEntry, given: Json | string): PreparedCase {
  const { definition, source, path } = entry;
  const object = resolveObject(entry, 'capture', given);
  const parsed = inputSchema.safeParse(object);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join('.') ?? '';
    throw source.error([...path, 'capture'], `capture: ${where}: ${issue?.message ?? 'invalid'}`);
  }
  const request: Json = structuredClone({ ...parsed.data });
  const facts: Json = {};
  for (const name of factNames) {
    if (request[name] !== undefined) facts[name] = request[name];
    delete request[name];
  }
  const nowhere = change(request, definition.request ?? {});
  if (nowhere !== undefined) {
    throw source.error([...path, 'request', nowhere], `request: there is nothing to change at ${nowhere}`);
  }
  applyChanges(entry, facts);
  return documentCase(entry, request, facts);
}

function documentCase(entry: CaseEntry, document: Json, facts: Json): PreparedCase {
  return {
    entry,
    subject: { kind: 'document', document },
    gather: gatherFromDocument(facts),
    factsAbout: () => facts,
    data: dataOf(entry, document['signer_name']),
  };
}

/** A manifest is judged a second after it was created, or when the world's request is. */
function manifestCase(entry: CaseEntry, given: Json | string): { request: CertificateRequest; now: Date } {
  const { definition, source, path, world } = entry;
  const object = resolveObject(entry, 'csr', given);
  const request =
    object['kind'] === 'CertificateSigningRequest'
      ? readRequest(object)
      : { problem: 'a CertificateSigningRequest is expected, as `kubectl get csr NAME -o yaml` prints it' };
  if ('problem' in request) throw source.error([...path, 'csr'], `csr: ${request.problem}`);
  const now = request.createdAt ?? new Date(String(at(world?.request, 'now')));
  if (Number.isNaN(now.getTime())) {
    throw source.error(
      [...path, 'csr'],
      'csr: metadata.creationTimestamp is missing, and there is no world.yaml',
    );
  }
  const undecided = definition.as_new === true ? { conditions: [], issued: false } : {};
  return { request: { ...request, ...undecided }, now: new Date(now.getTime() + 1000) };
}

function dataOf({ definition }: CaseEntry, signer: unknown): Json {
  const base = (typeof signer === 'string' ? configPaths[signer] : undefined) ?? servingConfig;
  const data: Json = {};
  for (const [key, value] of Object.entries(definition.config ?? {})) data[`${base}.${key}`] = value;
  return { ...data, ...definition.data };
}
