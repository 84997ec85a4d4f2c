import { hostname } from 'node:os';
import type { Shadow } from '../activation/shadow.ts';
import { problemOf } from '../activation/status.ts';
import { Controller } from '../controller/controller.ts';
import type { Gate } from '../controller/gate.ts';
import type { Judged } from '../controller/reconcile.ts';
import type { Observer } from '../controller/report.ts';
import { ruleOf } from '../decide/explain.ts';
import { decide } from '../decide/decide.ts';
import type { Gather } from '../decide/facts.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { ShadowOutcome } from '../decide/shadow.ts';
import { remedyOf } from '../decide/remedies.ts';
import type { EventOptions } from '../observe/event.ts';
import { EventLimits } from '../observe/event-limits.ts';
import { VerdictEvents } from '../observe/events.ts';
import { NodeEvents } from '../observe/node-events.ts';
import type { PodEvents } from '../observe/pod-events.ts';
import { escapeText } from '../text/escape.ts';
import { eventSink } from './events.ts';
import type { Running } from './running.ts';
import { seeing, type Seen } from './traced.ts';
import { version } from './version.ts';

const clock = () => performance.now();

/** The controller, deciding by the policies in force, and everybody who hears of others. */
export function controllerOf(
  running: Running,
  gather: Gather,
  shadow: Pick<Shadow<never>, 'compare' | 'forget'> | undefined,
  gate: Gate,
  podEvents: PodEvents | undefined,
  listeners: { readonly observers: readonly Observer[]; readonly forgotten: (uid: string) => void },
): Controller {
  const { client, policy, config, log, io, tracing } = running;
  const { activation, metrics } = policy;
  const judge = async (request: CertificateRequest, seen: Seen): Promise<Judged> => {
    const asked = { now: client.now(), limits: config.limits, clock };
    const { value, policies, stands } = await activation.use((inForce) =>
      decide(request, gather, seen.policies(inForce), asked),
    );
    // After whatever comes of the decision has been begun.
    const matters = (): boolean => gate.mayAct() && stands();
    const compared = shadow && Promise.withResolvers<ShadowOutcome>();
    setImmediate(() =>
      shadow?.compare({
        request,
        decision: value,
        policies,
        options: asked,
        stands: matters,
        settled: compared?.resolve,
      }),
    );
    const { entrypoint = '', revision = '' } = policies.signers.get(request.signerName) ?? {};
    return {
      ...value,
      id: seen.id,
      stands,
      shadow: compared?.promise,
      revision,
      entrypoint,
      floorRevision: policies.floor.revision,
      ruleOf: (reason, kind) => ruleOf(reason, kind, { signerName: request.signerName, policies }),
      approvedBy: approvedBy(entrypoint, revision),
    };
  };
  const sink = eventSink(running, gate.mayAct);
  const eventOptions: EventOptions = {
    instance: hostname(),
    now: io.now,
    limits: new EventLimits(() => performance.now()),
    remedy: (signer) => (reason) => remedyOf(reason, signer, activation.policies),
  };
  const nodeEvents = new NodeEvents(sink, eventOptions);
  const onNodes: Observer = {
    decided: (request, { verdict, input }) =>
      nodeEvents.report(request, verdict, config.enforcement, input?.node),
  };
  const controller = new Controller({
    client,
    signers: config.signers,
    concurrency: config.limits.concurrency,
    enforcement: config.enforcement,
    onDeny: config.onDeny,
    decide: (request) => seeing(tracing, (seen) => judge(request, seen)),
    tracing,
    metrics,
    events: new VerdictEvents(sink, eventOptions),
    log,
    now: () => client.now(),
    gate,
    observers: [...listeners.observers, onNodes],
    maxAgeSeconds: (signer) => activation.policies?.signers.get(signer)?.maxAgeSeconds,
    forgotten: (uid) => {
      shadow?.forget(uid);
      listeners.forgotten(uid);
    },
  });
  activation.listen({
    activated: ({ revision }) => {
      controller.redecideAll();
      podEvents?.report('PolicyActivated', `policy revision ${escapeText(revision)} is in force`);
    },
    refused: (cause) => {
      const { code, message } = problemOf(cause);
      const { revision } = activation;
      const stays =
        revision === undefined ? 'no policy is in force' : `revision ${escapeText(revision)} stays in force`;
      podEvents?.report('PolicyRejected', `${stays}; ${code}: ${message}`);
    },
  });
  return controller;
}

/** The message of an Approved condition: by which rules, so that an audit can find them. */
function approvedBy(entrypoint: string, revision: string): string {
  return `allowed by ${entrypoint} of policy revision ${escapeText(revision)} (rego-csr-approver ${version})`;
}
