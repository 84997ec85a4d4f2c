import type { Bundle } from '../bundle/bundle.ts';
import { parseBundle } from '../bundle/bundle.ts';
import { decisionShape, shapeProblem } from './decision.ts';
import { Engine } from './engine.ts';
import { PolicyError } from '../bundle/error.ts';
import type { BundleFiles } from '../bundle/files.ts';
import type { Overlay } from '../bundle/overlay.ts';
import type { Isolate } from './isolate.ts';
import { loadLogRules, type LogRules } from './log-rules.ts';
import { withOverlays } from './knobs.ts';
import type { EntrypointCustom, FactNeeds } from './needs.ts';
import { noFacts, readEntrypointCustom, unionOfNeeds } from './needs.ts';
import type { Probe } from './probe.ts';
import type { ReasonCode, ReasonMetadata } from './reasons.ts';
import { readReasons, reasonCodes } from './reasons.ts';
import { Rulebook } from './rulebook.ts';
import { escapeText } from '../text/escape.ts';

/** The rules of one signer, ready to be evaluated. */
export interface SignerPolicy {
  readonly signerName: string;
  readonly entrypoint: string;
  readonly revision: string;
  readonly needs: FactNeeds;
  /** Requests older than this are left alone; undefined leaves none alone. */
  readonly maxAgeSeconds: number | undefined;
  readonly codes: ReadonlyMap<string, ReasonCode>;
  /** Which rule gave a reason. */
  readonly rules: Rulebook;
  /** Evaluates the entrypoint; the value has any shape. */
  readonly evaluate: (input: object) => Promise<unknown>;
  /** What the decision log must not tell; undefined where the bundle says nothing of it. */
  readonly logRules?: LogRules | undefined;
}

export interface PolicyChoice {
  /** Signers that the configuration names. */
  readonly signers: readonly string[];
  /** Entrypoint to use for a signer, where the bundle has several. */
  readonly entrypoints?: Readonly<Record<string, string>>;
  /** Signers that a floor exists for: a policy for another could approve what nothing else judges. */
  readonly supported: readonly string[];
  readonly probe: Probe;
  /** Laid over the bundle's data before anything reads it. */
  readonly overlays?: readonly Overlay[];
}

interface Candidate {
  readonly path: string;
  readonly custom: EntrypointCustom;
}

/**
 * Loads a user's bundle: every configured signer gets its rules, or the bundle is refused as a whole.
 * @param logIsolate for the rules of its decision log; by default the same
 */
export async function loadPolicy(
  files: BundleFiles,
  choice: PolicyChoice,
  isolate?: Isolate,
  logIsolate = isolate,
): Promise<ReadonlyMap<string, SignerPolicy>> {
  const { overlays = [] } = choice;
  const bundle = withOverlays(parseBundle(files), overlays);
  const candidates = bundle.entrypoints.map((entrypoint) => ({
    path: entrypoint.path,
    custom: readEntrypointCustom(entrypoint, bundle.data),
  }));
  for (const { path, custom } of candidates)
    refuseUnsupported(custom.signer_name, choice, `entrypoint ${path}`);
  const engine = await Engine.load(bundle.wasm, bundle.data, isolate, bundle.sources);
  const compiled = new Set(engine.entrypoints);
  const metadata = readReasons(bundle.sources);
  const policies = new Map<string, SignerPolicy>();
  for (const signerName of choice.signers) {
    refuseUnsupported(signerName, choice, 'the configuration');
    const serving = candidates.filter((candidate) => candidate.custom.signer_name === signerName);
    const chosen = choose(signerName, serving, choice.entrypoints?.[signerName]);
    if (!compiled.has(chosen.path)) {
      throw new PolicyError('EntrypointMissing', `the module was compiled without entrypoint ${chosen.path}`);
    }
    policies.set(signerName, signerPolicy(bundle, engine, chosen, serving, metadata));
  }
  // oxlint-disable-next-line no-await-in-loop -- one engine, and the first problem is the one to report
  for (const policy of policies.values()) await selfTest(policy, engine, choice.probe, overlays);
  const [first] = policies.values();
  if (first === undefined) return policies;
  const logRules = await loadLogRules(bundle, logIsolate, probeLine(first, choice.probe));
  return new Map([...policies].map(([signer, policy]) => [signer, { ...policy, logRules }]));
}

function refuseUnsupported(signerName: string, { supported }: PolicyChoice, where: string): void {
  if (supported.includes(signerName)) return;
  throw new PolicyError(
    'SignerNotSupported',
    `${where} names signer ${JSON.stringify(signerName)}: supported are ${supported.join(', ')}`,
  );
}

function choose(signerName: string, serving: readonly Candidate[], named: string | undefined): Candidate {
  const paths = serving.map((candidate) => candidate.path).join(', ');
  if (named !== undefined) {
    const match = serving.find((candidate) => candidate.path === named);
    if (match !== undefined) return match;
    throw new PolicyError(
      'EntrypointMissing',
      `entrypoint ${named} for signer ${signerName} is not in the bundle (it has: ${paths === '' ? 'none' : paths})`,
    );
  }
  const [only] = serving;
  if (only === undefined) {
    throw new PolicyError('EntrypointMissing', `no entrypoint of the bundle serves signer ${signerName}`);
  }
  if (serving.length > 1) {
    throw new PolicyError(
      'EntrypointAmbiguous',
      `signer ${signerName} is served by ${paths}: name one in the configuration (policy.entrypoints)`,
    );
  }
  return only;
}

function signerPolicy(
  bundle: Bundle,
  engine: Engine,
  chosen: Candidate,
  serving: readonly Candidate[],
  metadata: ReasonMetadata,
): SignerPolicy {
  return {
    signerName: chosen.custom.signer_name,
    entrypoint: chosen.path,
    revision: bundle.revision,
    // A rule that extends an imported one runs that one too: no base rule may run without its facts.
    needs: serving.map((candidate) => candidate.custom.facts).reduce(unionOfNeeds, noFacts),
    maxAgeSeconds: chosen.custom.max_age_seconds,
    codes: reasonCodes(metadata),
    rules: new Rulebook({
      metadata,
      sources: bundle.sources,
      data: bundle.data,
      root: chosen.path.split('/').slice(0, -1).join('.'),
      signerName: chosen.custom.signer_name,
    }),
    evaluate: (input) => engine.evaluate(chosen.path, input),
  };
}

/** A configuration error must stop the load: at evaluation it could silently switch a rule off. */
async function selfTest(
  policy: SignerPolicy,
  engine: Engine,
  probe: Probe,
  overlays: readonly Overlay[],
): Promise<void> {
  const value = await engine.selfTest(policy.entrypoint, probe(policy.signerName, policy.needs));
  const decision = decisionShape.safeParse(value);
  if (!decision.success) {
    throw new PolicyError(
      'DecisionInvalid',
      `self-test of ${policy.entrypoint}: ${shapeProblem(decision.error)}`,
    );
  }
  const problems = decision.data.config_errors;
  if (problems.length > 0) {
    const lines = problems.map((problem) => (typeof problem === 'string' ? problem : problem.msg)).sort();
    const files = overlays.map(({ file }) => escapeText(file, 1024)).join(', ');
    throw new PolicyError(
      'ConfigErrors',
      `${policy.entrypoint} reports configuration errors${files === '' ? '' : ` with the data of ${files}`}: ${lines.join('; ')}`,
    );
  }
}

/** An approval as the decision log tells of it: what its rules are tested with. */
function probeLine({ signerName, needs, entrypoint, revision }: SignerPolicy, probe: Probe): object {
  return {
    labels: { app: 'rego-csr-approver', id: 'self-test' },
    decision_id: '00000000-0000-4000-8000-000000000000',
    bundles: { policy: { revision } },
    path: entrypoint,
    input: probe(signerName, needs),
    result: { allow: true, deny: [], wait: [], warn: [], config_errors: [] },
    requested_by: 'system:node:self-test',
    timestamp: '2026-01-01T00:00:02.000Z',
    metrics: {},
    custom: { format: 1, csr: { name: 'csr-self-test' }, verdict: { kind: 'approve', reasons: [] } },
  };
}
