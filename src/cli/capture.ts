import { writeFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { requestOf } from '../controller/pending.ts';
import { Requestors } from '../controller/requestors.ts';
import { decodeDocument, type Policies } from '../decide/decide.ts';
import type { FactFailure } from '../decide/facts.ts';
import type { InputDocument, RequestInput } from '../decide/input.ts';
import { type CertificateRequest, isFinished, readRequest } from '../decide/request.ts';
import { liveGather } from '../facts/live.ts';
import * as calls from '../kube/calls.ts';
import type { KubeClient } from '../kube/client.ts';
import { connect } from '../kube/connect.ts';
import { isNotFound } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import { listPages } from '../kube/list.ts';
import { asObject } from '../kube/objects.ts';
import { noFacts, unionOfNeeds } from '../policy/needs.ts';
import { escapeText } from '../text/escape.ts';
import { safeJson } from '../text/json.ts';
import { messageOf } from '../text/message.ts';
import { clusterSources, factTimeout, listedClaims } from './cluster-facts.ts';
import type { ExitCode } from './error.ts';
import { CommandError, exitCode } from './error.ts';
import { interrupted } from './interrupted.ts';
import type { IO } from './io.ts';
import { loadPolicies } from '../activation/load.ts';
import { version } from './version.ts';

export interface CaptureOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly bundle?: string;
  readonly data?: readonly string[];
  /** Where to write; undefined is standard output. */
  readonly output?: string;
  /** Writes the document also where facts are missing. */
  readonly partial: boolean;
}

/** What was read of a cluster. */
interface Captured {
  readonly document: InputDocument;
  readonly failures: readonly FactFailure[];
  readonly finished: boolean;
}

/**
 * Writes the input document of one request of a cluster, with every fact that floor and policy ask for. Writes nothing to
 * the cluster but access reviews, which it does not keep.
 * @returns yes: complete; no: without what could not be obtained (`--partial`); failed: nothing was written
 */
export async function captureCommand(
  name: string,
  options: CaptureOptions,
  config: Config,
  io: IO,
): Promise<ExitCode> {
  const policies = await loadPolicies(config);
  const client = connect(
    { kubeconfig: options.kubeconfig, context: options.context, env: io.env },
    { userAgent: `rego-csr-approver/${version}` },
  );
  try {
    const captured = await Promise.race([
      capture(name, client, policies, config, io),
      interrupted(io, 'nothing was written'),
    ]);
    return await write(captured, name, options, io);
  } finally {
    await client.close();
  }
}

async function capture(
  name: string,
  client: KubeClient,
  policies: Policies,
  config: Config,
  io: IO,
): Promise<Captured> {
  const request = await readOne(name, client);
  const policy = policies.signers.get(request.signerName);
  if (policy === undefined) {
    throw new CommandError(
      'NotOurs',
      `${escapeText(name)} is for signer ${escapeText(request.signerName)}, and configured are ${[...policies.signers.keys()].join(', ')}`,
    );
  }
  const document = decodeDocument(request, { now: io.now(), limits: config.limits });
  if ('reason' in document) {
    const { code, msg } = document.reason;
    throw new CommandError(
      code,
      `${escapeText(name)} has no input document, it is denied: ${escapeText(msg, 1024)}`,
    );
  }
  const sources = clusterSources(client, config);
  const gather = liveGather({
    ...sources,
    claims: listedClaims(client, sources.cap),
    countPending: (input) => countPending(input, client, config.signers),
  });
  const { facts, failures } = await gather(
    unionOfNeeds(policies.floor.needs.get(policy.signerName) ?? noFacts, policy.needs),
    document,
  );
  return { document: { ...document, ...facts }, failures, finished: isFinished(request) };
}

async function readOne(name: string, client: KubeClient): Promise<CertificateRequest> {
  try {
    const request = readRequest(await calls.getCSR(client, name, factTimeout));
    if (!('problem' in request)) return request;
    throw new CommandError('CSRInvalid', `${escapeText(name)}: ${escapeText(request.problem, 1024)}`);
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    const code = isNotFound(cause) ? 'CSRNotFound' : 'ClusterUnreachable';
    throw new CommandError(code, explain(cause, client.server), { cause });
  }
}

/** From a list of all requests: for one of them, it is cheaper than a watch. */
async function countPending(input: RequestInput, client: KubeClient, signers: readonly string[]) {
  const requestors = new Requestors();
  for (const signer of signers) {
    const query = { fieldSelector: `spec.signerName=${signer}` };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for await (const page of listPages(client, calls.CSR_PATH, { ...factTimeout, query })) {
      for (const item of page) {
        const request = requestOf(asObject(item), signer);
        if (request !== undefined) requestors.note(request);
      }
    }
  }
  return requestors.pending(input);
}

async function write(
  { document, failures, finished }: Captured,
  name: string,
  { output, partial }: CaptureOptions,
  io: IO,
): Promise<ExitCode> {
  const shown = escapeText(name);
  for (const { fact, message } of failures) {
    io.err(`FactUnavailable: ${escapeText(fact)}: ${escapeText(message, 1024)}\n`);
  }
  if (failures.length > 0 && !partial) {
    io.err(`nothing was written: --partial writes ${shown} without these facts\n`);
    return exitCode.failed;
  }
  if (finished) {
    io.err(`${shown} is decided already: its facts are those of now, not those it was decided by\n`);
  }
  const text = `${safeJson(document, 2)}\n`;
  if (output === undefined || output === '-') io.out(text);
  else {
    await writeFile(output, text).catch((cause: unknown) => {
      throw new CommandError('FileUnwritable', `${output}: cannot be written: ${messageOf(cause)}`, {
        cause,
      });
    });
    io.err(`wrote ${escapeText(output, 1024)}\n`);
  }
  return failures.length > 0 ? exitCode.no : exitCode.yes;
}
