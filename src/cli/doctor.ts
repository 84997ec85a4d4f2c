import { withOptions } from '../activation/load.ts';
import { loadConfig } from '../config/load.ts';
import { checks } from '../doctor/checks.ts';
import { diagnose, type Severity } from '../doctor/finding.ts';
import { gather } from '../doctor/gather/gather.ts';
import { Looker } from '../doctor/gather/look.ts';
import { KubeClient } from '../kube/client.ts';
import { Credentials } from '../kube/credentials.ts';
import { loadKubeConfig } from '../kube/kubeconfig.ts';
import { serverCertificateNames } from '../kube/peer.ts';
import { printFindings, printFindingsJson } from './doctor-output.ts';
import { escapeText } from '../text/escape.ts';
import { isNamespace } from '../text/names.ts';
import { policyLookups } from './doctor-policy.ts';
import { CommandError, exitCode, type ExitCode } from './error.ts';
import type { IO } from './io.ts';
import { version } from './version.ts';

export interface DoctorOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: string;
  readonly serviceAccount?: string;
  readonly config?: string;
  readonly bundle?: string;
  readonly data?: readonly string[];
  /** Kubelets to ask for their configuration. */
  readonly configz: number;
  readonly output: 'text' | 'json';
  readonly failOn: 'error' | 'warning' | 'unknown';
}

/** What a command that may be called at any time leaves to others. */
const connections = 8;
const timeoutMs = 10_000;
/** /metrics of the API server of a large cluster. */
const maxBytes = 64 * 1024 * 1024;

/**
 * Looks at a cluster and says what is missing for serving certificates to come about, and to be safe. Writes nothing but
 * access reviews, which the API server does not keep.
 * @returns yes: nothing as severe as `failOn`; no: something is
 */
export async function doctorCommand(options: DoctorOptions, io: IO): Promise<ExitCode> {
  if (!isNamespace(options.namespace)) {
    throw new CommandError('NamespaceInvalid', `${escapeText(options.namespace)} is no name of a namespace`);
  }
  const config = options.config === undefined ? undefined : withOptions(loadConfig(options.config), options);
  const source = { kubeconfig: options.kubeconfig, context: options.context, env: io.env };
  const credentials = new Credentials({ load: () => loadKubeConfig(source) });
  const userAgent = `rego-csr-approver/${version} (doctor)`;
  const client = new KubeClient({ credentials, userAgent, connections, timeoutMs, maxBytes });
  try {
    const snapshot = await gather({
      looker: new Looker(client, io.stopping),
      namespace: options.namespace,
      serviceAccount: options.serviceAccount,
      config: config && { config, where: options.config ?? '' },
      lookups: (found, own) => policyLookups(found, own, options),
      servingNames: () => serverCertificateNames(credentials, timeoutMs),
      kubelets: options.configz,
      ourNow: io.now,
    });
    const findings = diagnose(checks, snapshot);
    const about = { server: client.server, kubernetes: snapshot.version, ...snapshot.target };
    if (options.output === 'json') printFindingsJson(findings, about, io);
    else printFindings(findings, about, io);
    const failing = failingFor(options.failOn);
    return findings.some(({ severity }) => failing.has(severity)) ? exitCode.no : exitCode.yes;
  } catch (cause) {
    if (io.stopping.aborted)
      throw new CommandError('Interrupted', 'told to stop: nothing was found out', { cause });
    throw cause;
  } finally {
    await client.close();
  }
}

function failingFor(least: DoctorOptions['failOn']): ReadonlySet<Severity> {
  const order = ['error', 'warning', 'unknown'] as const;
  return new Set(order.slice(0, order.indexOf(least) + 1));
}
