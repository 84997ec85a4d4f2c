import { timestamp } from '../decide/document.ts';
import type { RequestInput } from '../decide/input.ts';
import { inputSchema } from '../decide/input.ts';
import type { CertificateRequest } from '../decide/request.ts';
import { nodeUser } from '../facts/node.ts';
import type { CaseDefinition } from './case.ts';
import type { Json } from './changes.ts';
import { at, change } from './changes.ts';
import { inexpressible, signRequest } from './csr.ts';
import type { CaseEntry } from './files.ts';
import type { KeyRing } from './keys.ts';
import { usualAlgorithm } from './keys.ts';

/** Of the name of the node that asks in a world, where a case does not say. */
const nodePrefix = nodeUser('');

/** The request document of a case: the world's request with the case's changes. */
export function describedRequest({ definition, world, source, path }: CaseEntry): Json {
  if (world === undefined) {
    throw source.error(
      path,
      'there is no world.yaml in this folder or above, which describes a good request',
    );
  }
  const request = structuredClone(world.request);
  const { as, listed, listed_ip: listedIp, request: changes = {} } = definition;
  const shorthand: Json = {
    ...(as === undefined ? {} : { 'requestor.username': nodeUser(as), 'subject.common_name': nodeUser(as) }),
    ...(listed === undefined ? {} : { 'sans.dns': [listed] }),
    ...(listedIp === undefined ? {} : { 'sans.ip': [listedIp] }),
  };
  const unknown = change(request, shorthand);
  if (unknown !== undefined) throw source.error(path, `world.yaml: request.${unknown} is missing`);
  const nowhere = change(request, changes);
  if (nowhere !== undefined) {
    throw source.error([...path, 'request', nowhere], `request: there is nothing to change at ${nowhere}`);
  }
  settleAge(request, changes);
  return request;
}

/** Changes to Nodes, with what `listed` and `listed_ip` add to the Node of whoever asks. */
export function describedNodes({ definition, world }: CaseEntry): NonNullable<CaseDefinition['nodes']> {
  const { as, listed, listed_ip: listedIp, nodes = {} } = definition;
  if (listed === undefined && listedIp === undefined) return nodes;
  const user = at(world?.request, 'requestor.username');
  const name = as ?? (typeof user === 'string' ? user.slice(nodePrefix.length) : '');
  const addresses = [
    ...(nodes[name]?.addresses ?? world?.nodes[name] ?? []),
    ...(listed === undefined ? [] : [{ type: 'ExternalDNS', address: listed }]),
    ...(listedIp === undefined ? [] : [{ type: 'ExternalIP', address: listedIp }]),
  ];
  return { ...nodes, [name]: { ...nodes[name], addresses } };
}

/** Age and time of creation say the same: whichever a case leaves alone follows the other. */
function settleAge(request: Json, changes: Json): void {
  const now = timeOf(request['now']);
  const age = changes['age_seconds'];
  if (now === undefined || !('created_at' in changes || 'now' in changes || 'age_seconds' in changes)) return;
  if (typeof age === 'number' && !('created_at' in changes)) {
    request['created_at'] = timestamp(new Date(now - age * 1000));
    return;
  }
  const created = timeOf(request['created_at']);
  if (created === undefined || 'age_seconds' in changes) return;
  request['age_seconds'] = Math.max(0, Math.floor((now - created) / 1000));
}

/** Milliseconds of a time as documents write it. */
function timeOf(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const time = Date.parse(text);
  return !Number.isNaN(time) && timestamp(new Date(time)) === text ? time : undefined;
}

/** A request that was made for a case, and when it is judged. */
export interface MadeRequest {
  readonly request: CertificateRequest;
  readonly now: Date;
}

/**
 * Makes the CertificateSigningRequest that a case describes, signed.
 * @throws CaseError where the description says what no request can
 */
export async function makeRequest(entry: CaseEntry, keys: KeyRing): Promise<MadeRequest> {
  const { source, path } = entry;
  const described = describedRequest(entry);
  const changes = entry.definition.request ?? {};
  const cannot = (where: readonly string[], problem: string) => {
    // The change that says so, if it is one, and the case otherwise.
    const key = Object.keys(changes).find((name) => where.join('.').startsWith(name));
    const place = key === undefined ? path : [...path, 'request', key];
    const hint = 'no request can say that: correct it, or evaluate a document with `document: true`';
    return source.error(place, `request.${where.join('.')}: ${problem} (${hint})`);
  };
  for (const field of ['version', 'fingerprint']) {
    if (field in changes) throw cannot([field], 'follows from the request');
  }
  const parsed = inputSchema.safeParse(described);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw cannot((issue?.path ?? []).map(String), issue?.message ?? 'invalid');
  }
  const content = withAlgorithm(parsed.data, changes);
  const problem = inexpressible(content);
  if (problem !== undefined) throw cannot(problem.path, problem.problem);
  const [now, created] = [timeOf(content.now), timeOf(content.created_at)];
  if (now === undefined) throw cannot(['now'], 'is no time in UTC with whole seconds');
  if (created === undefined) throw cannot(['created_at'], 'is no time in UTC with whole seconds');
  if (content.age_seconds !== Math.max(0, Math.floor((now - created) / 1000))) {
    throw cannot(['age_seconds'], 'is not the time from created_at to now');
  }
  const pem = await signRequest(content, keys);
  return { request: requestOf(content, pem, created), now: new Date(now) };
}

/** A key that a case changes is signed with as is usual for it, unless the case says how. */
function withAlgorithm(content: RequestInput, changes: Json): RequestInput {
  const named = 'signature_algorithm' in changes;
  return named ? content : { ...content, signature_algorithm: usualAlgorithm(content.key) };
}

function requestOf(content: RequestInput, pem: string, created: number): CertificateRequest {
  const { requestor } = content;
  return {
    name: content.name,
    uid: content.uid,
    resourceVersion: '1',
    createdAt: new Date(created),
    signerName: content.signer_name,
    request: Buffer.from(pem).toString('base64'),
    usages: content.usages,
    username: requestor.username,
    userUid: requestor.uid,
    groups: requestor.groups,
    extra: requestor.extra,
    expirationSeconds: content.expiration_seconds,
    issued: false,
    conditions: [],
  };
}
