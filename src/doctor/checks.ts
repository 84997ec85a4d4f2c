import type { Check } from './finding.ts';
import { admission, kubeletVerification, nodeAuthorizer, version } from './checks/api-server.ts';
import { approvers, decisions } from './checks/approvers.ts';
import { nodeClocks, ourClock } from './checks/clocks.ts';
import { image, installed, leader, namespace, pods } from './checks/installation.ts';
import { certificates, kubeletConfiguration, requests } from './checks/kubelets.ts';
import { offSwitch } from './checks/off-switch.ts';
import { lookupAccesses, ownAccess } from './checks/own-access.ts';
import { configuration, policy } from './checks/policy.ts';
import { podRanges, serviceRanges } from './checks/reserved-ranges.ts';
import { serverNames } from './checks/server-names.ts';
import { signer } from './checks/signer.ts';

/** All of them, by group, in the order in which they are told. */
export const checks: readonly Check[] = [
  version,
  nodeAuthorizer,
  admission,
  kubeletVerification,
  signer,
  ownAccess,
  lookupAccesses,
  offSwitch,
  approvers,
  decisions,
  serverNames,
  serviceRanges,
  podRanges,
  requests,
  certificates,
  kubeletConfiguration,
  installed,
  pods,
  leader,
  image,
  namespace,
  configuration,
  policy,
  ourClock,
  nodeClocks,
];
