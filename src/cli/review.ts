import type { Config } from '../config/schema.ts';
import type { Decision, Policies } from '../decide/decide.ts';
import { decide, decideDocument } from '../decide/decide.ts';
import { Requestors } from '../controller/requestors.ts';
import { explainDecision } from '../decide/explain.ts';
import type { ClusterFact } from '../decide/input.ts';
import { clusterSchema } from '../decide/input.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { VerdictKind } from '../decide/verdict.ts';
import { capturedGather, offlineGather, type OfflineFacts } from '../facts/offline.ts';
import type { NodeObject } from '../kube/objects.ts';
import { asNode } from '../kube/objects.ts';
import { escapeText } from '../text/escape.ts';
import { readAssumptions } from './assume.ts';
import { addressCap } from './cluster-facts.ts';
import { readDocuments } from './documents.ts';
import type { ExitCode } from './error.ts';
import { CommandError, exitCode } from './error.ts';
import { readAs, readFacts, readInputs, refuseTwice } from './facts.ts';
import type { IO } from './io.ts';
import { type Reviewed, printReview, printReviewJson } from './output.ts';
import { loadPolicies } from '../activation/load.ts';
import { readRequests } from './requests.ts';

export interface ReviewOptions {
  /** Requests. */
  readonly file?: readonly string[];
  /** Whole input documents instead, with their facts. */
  readonly input?: readonly string[];
  readonly nodes?: readonly string[];
  readonly cluster?: string;
  readonly facts?: readonly string[];
  readonly assume: readonly string[];
  readonly bundle?: string;
  readonly data?: readonly string[];
  readonly asNew: boolean;
  /** Say of each reason which rule gave it, and what that means. */
  readonly explain?: boolean;
  readonly output: 'text' | 'json';
}

/** Decides requests from files, exactly as the controller would, on facts from files and assumptions. */
export async function reviewCommand(options: ReviewOptions, config: Config, io: IO): Promise<ExitCode> {
  refuseContradictions(options);
  const { file, input = [] } = options;
  const { reviewed, assumed } =
    file === undefined
      ? await reviewDocuments(input, options, config, io)
      : await reviewRequests(file, options, config, io);
  const print = options.output === 'json' ? printReviewJson : printReview;
  print(reviewed, { assumed, decoded: file !== undefined }, io);
  return exitCodeOf(reviewed.map(({ decision }) => decision.verdict.kind));
}

function refuseContradictions({ file, input, nodes, cluster, facts, assume }: ReviewOptions): void {
  if ((file === undefined) === (input === undefined)) {
    throw new CommandError(
      'OptionsInvalid',
      'either --file or --input is required: requests, or captured documents',
    );
  }
  const told = [nodes, cluster, facts].some((given) => given !== undefined) || assume.length > 0;
  if (input !== undefined && told) {
    throw new CommandError(
      'OptionsInvalid',
      '--input brings its facts: it goes with none of --nodes, --cluster, --facts, --assume',
    );
  }
}

async function reviewRequests(files: readonly string[], options: ReviewOptions, config: Config, io: IO) {
  const sar = readAssumptions(options.assume);
  const policies = await loadPolicies(config);
  const requests = (await readRequests(files, io)).map((one) => (options.asNew ? asNew(one) : one));
  const requestors = new Requestors();
  for (const request of requests) requestors.note(request);
  const known: OfflineFacts = {
    nodes: options.nodes === undefined ? undefined : await readNodes(options.nodes, io),
    cluster: options.cluster === undefined ? undefined : await readCluster(options.cluster, io),
    sar,
    given: await readFacts(options.facts ?? [], io),
    countPending: (request) => requestors.pending(request),
    cap: addressCap(config),
  };
  refuseTwice(known);
  const gather = offlineGather(known);
  const now = io.now();
  const reviewed: Reviewed[] = [];
  for (const request of requests) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, in the order given
    const decision = await decide(request, gather, policies, { now, limits: config.limits });
    reviewed.push({ request, decision, explain: explained(decision, request.signerName, policies, options) });
  }
  const counted = known.given?.pending === undefined && asksForPending(policies);
  return { reviewed, assumed: counted ? [...options.assume, onlyThese] : options.assume };
}

/** What a count rests on that was not asked of any cluster. */
const onlyThese = 'pending: these requests and no others';

function asksForPending({ signers }: Policies): boolean {
  return [...signers.values()].some(({ needs }) => needs.pending);
}

async function reviewDocuments(files: readonly string[], options: ReviewOptions, config: Config, io: IO) {
  const policies = await loadPolicies(config);
  const reviewed: Reviewed[] = [];
  for (const { request: given, facts } of await readInputs(files, io)) {
    const request = options.asNew ? { ...given, created_at: given.now, age_seconds: 0 } : given;
    // oxlint-disable-next-line no-await-in-loop -- one after the other, in the order given
    const decision = await decideDocument(request, capturedGather(facts), policies);
    const { name, signer_name: signerName, requestor } = request;
    const explain = explained(decision, signerName, policies, options);
    reviewed.push({ request: { name, signerName, username: requestor.username }, decision, explain });
  }
  return { reviewed, assumed: [] };
}

function explained(
  { verdict, input }: Decision,
  signerName: string,
  policies: Policies,
  { explain = false }: ReviewOptions,
) {
  return explain ? explainDecision({ verdict, input, signerName, policies }) : undefined;
}

/** As if it had been created this moment and nobody had decided it yet. */
function asNew(request: CertificateRequest): CertificateRequest {
  return { ...request, createdAt: undefined, conditions: [], issued: false };
}

function exitCodeOf(verdicts: readonly VerdictKind[]): ExitCode {
  if (verdicts.includes('error')) return exitCode.failed;
  return verdicts.every((verdict) => verdict === 'approve') ? exitCode.yes : exitCode.no;
}

async function readNodes(files: readonly string[], io: IO): Promise<NodeObject[]> {
  const documents = await readDocuments(files, io);
  const nodes = documents.map(({ object, where }) => {
    const { metadata } = object;
    if (object['kind'] !== 'Node' || typeof metadata !== 'object' || metadata === null) {
      throw new CommandError(
        'NotANode',
        `${where}: a Node is expected, as \`kubectl get nodes -o yaml\` prints it`,
      );
    }
    // A manifest that was never created has none; an offline review has no other state to compare it with.
    const complete = { ...object, metadata: { resourceVersion: '', ...metadata } };
    try {
      return asNode(complete);
    } catch (cause) {
      throw new CommandError('NotANode', `${where}: metadata.name is missing`, { cause });
    }
  });
  const names = nodes.map(({ metadata }) => metadata.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new CommandError('NotANode', `Node ${escapeText(twice)} is given twice`);
  return nodes;
}

async function readCluster(file: string, io: IO): Promise<ClusterFact> {
  const [document, ...more] = await readDocuments([file], io);
  if (document === undefined || more.length > 0) {
    throw new CommandError('ClusterInvalid', `${file}: exactly one document is expected`);
  }
  return readAs(clusterSchema, document, 'ClusterInvalid');
}
