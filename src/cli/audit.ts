import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { loadPolicies, sourceOf } from '../activation/load.ts';
import { audit, type WhichKubelets } from '../audit/audit.ts';
import { isFindingCode } from '../audit/codes.ts';
import { handshaker } from '../audit/handshake.ts';
import type { Context } from '../audit/output/context.ts';
import { jsonLine, jsonSummary } from '../audit/output/json.ts';
import { formatJunit } from '../audit/output/junit.ts';
import { formatSarif } from '../audit/output/sarif.ts';
import { formatText } from '../audit/output/text.ts';
import { AuditReport, type FailOn, fails, isSeverity } from '../audit/report.ts';
import { openSource } from '../bundle/sources/open.ts';
import type { Config } from '../config/schema.ts';
import type { Policies } from '../decide/decide.ts';
import { KubeClient } from '../kube/client.ts';
import { Credentials } from '../kube/credentials.ts';
import { isStatus } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import { loadKubeConfig } from '../kube/kubeconfig.ts';
import { escapeText } from '../text/escape.ts';
import { whyUnreadable } from '../text/message.ts';
import { requestsOf, viewCluster } from './audit-facts.ts';
import { CommandError, type ExitCode, exitCode } from './error.ts';
import { explanationLines } from './explain.ts';
import { interrupted } from './interrupted.ts';
import type { IO } from './io.ts';
import { noCommand } from './no-command.ts';
import { version } from './version.ts';

export interface AuditOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly bundle?: string;
  readonly data?: readonly string[];
  readonly kubelets: WhichKubelets;
  readonly kubeletCa?: string;
  readonly failOn: readonly string[];
  readonly explain: boolean;
  readonly output: 'text' | 'json' | 'junit' | 'sarif';
}

/**
 * Judges every request of a cluster, and what every kubelet serves, by the policy of today. Writes nothing to the cluster
 * but access reviews, which it does not keep.
 * @returns yes: nothing found that `--fail-on` names; no: something; failed: also where something could not be judged
 */
export async function auditCommand(options: AuditOptions, config: Config, io: IO): Promise<ExitCode> {
  const failOn = readFailOn(options.failOn);
  const source = { kubeconfig: options.kubeconfig, context: options.context, env: io.env };
  const credentials = new Credentials({ load: () => loadKubeConfig(source) });
  const client = new KubeClient({ credentials, userAgent: `rego-csr-approver/${version}` });
  try {
    const policies = await loadPolicies(config);
    const ca = await readCA(options, credentials);
    const context: Context = {
      version,
      policy: policyName(config),
      revisions: new Map([...policies.signers].map(([signer, { revision }]) => [signer, revision])),
      kubeletCA: ca.from,
      failOn,
      explanation: explanationLines,
    };
    const ran = run(client, policies, ca.pem, options, config, io);
    const report = await Promise.race([ran, interrupted(io, 'the audit is not complete')]);
    say(await formatted(report, context, options.output), io);
    return exitCodeOf(report, failOn, io);
  } catch (cause) {
    if (!isStatus(cause, 403)) throw cause;
    throw new CommandError('Forbidden', explain(cause, client.server), { cause });
  } finally {
    await client.close();
  }
}

async function run(
  client: KubeClient,
  policies: Policies,
  ca: string | undefined,
  options: AuditOptions,
  config: Config,
  io: IO,
): Promise<AuditReport> {
  const { gather, kubelets } = await viewCluster(client, policies, config);
  const report = new AuditReport();
  const audited = audit({
    requests: (signer) => requestsOf(client, signer),
    gather,
    policies,
    limits: config.limits,
    kubelets,
    which: options.kubelets,
    shakeHands: handshaker(ca),
    isVerified: ca !== undefined,
    now: () => client.now(),
    explain: options.explain,
  });
  let count = 0;
  for await (const one of audited) {
    if (io.stopping.aborted) break;
    report.add(one);
    if (options.output === 'json') say(jsonLine(one), io);
    count += 1;
    if (io.isWatched === true && count % 100 === 0) io.err(`\r${String(count)} requests and kubelets`);
  }
  if (io.isWatched === true && count >= 100) io.err('\r\u001b[K');
  return report;
}

/** The CA of serving certificates, and where it comes from. */
async function readCA(
  { kubeletCa }: AuditOptions,
  credentials: Credentials,
): Promise<{ readonly pem: string | undefined; readonly from: string }> {
  if (kubeletCa === undefined) {
    const { tls } = await credentials.get();
    return tls.ca === undefined
      ? { pem: undefined, from: 'no CA: the kubeconfig has none, name one with --kubelet-ca' }
      : { pem: tls.ca.toString(), from: 'the CA of the API server, by the kubeconfig or the pod' };
  }
  const shown = escapeText(kubeletCa, 1024);
  const pem = await readFile(kubeletCa, 'utf8').catch((cause: unknown) => {
    throw new CommandError('CAInvalid', `--kubelet-ca ${shown}: ${whyUnreadable(cause, 'the path')}`);
  });
  try {
    void new X509Certificate(pem);
  } catch (cause) {
    throw new CommandError('CAInvalid', `--kubelet-ca ${shown}: holds no certificate in PEM`, { cause });
  }
  return { pem, from: `the CA in ${shown}` };
}

function readFailOn(given: readonly string[]): FailOn {
  return given
    .filter((one) => one !== 'none')
    .map((one) => {
      if (isSeverity(one) || isFindingCode(one)) return one;
      throw new CommandError(
        'OptionsInvalid',
        `--fail-on ${escapeText(one)}: expected note, warning, error, none, or a code that deploy/README.md lists`,
      );
    });
}

/** Which policy judges: whoever forgets `--bundle` audits by the default one. */
function policyName(config: Config): string {
  const name =
    config.policy.bundle === undefined
      ? 'built-in default'
      : escapeText(openSource(sourceOf(config)).name, 1024);
  const files = config.policy.data.map((file) => escapeText(file, 1024));
  return files.length === 0 ? name : `${name} with the data of ${files.join(', ')}`;
}

async function formatted(
  report: AuditReport,
  context: Context,
  output: AuditOptions['output'],
): Promise<string> {
  switch (output) {
    case 'text':
      return formatText(report, context);
    case 'json':
      return jsonSummary(report, context);
    case 'junit':
      return formatJunit(report, context);
    case 'sarif':
      return formatSarif(report, context);
  }
}

/** Names and messages are strangers', and the output may be read by the runner of a pipeline. In JSON the replacement is an escape. */
function say(text: string, io: IO): void {
  io.out(text.split('\n').map(noCommand).join('\n'));
}

function exitCodeOf(report: AuditReport, failOn: FailOn, io: IO): ExitCode {
  const [first] = report.of('NotJudged');
  if (first !== undefined) {
    const count = String(report.count('NotJudged'));
    io.err(
      `error: NotJudged: ${count} could not be judged, ${escapeText(first.subject)} because of ${escapeText(first.message, 2048)}\n`,
    );
    return exitCode.failed;
  }
  return report.found.some((code) => fails(code, failOn)) ? exitCode.no : exitCode.yes;
}
