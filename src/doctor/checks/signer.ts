import { escapeText } from '../../text/escape.ts';
import { serving } from '../access.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { hint } from '../seen.ts';
import { command } from '../shell.ts';
import type { Flags } from '../snapshot.ts';
import { count, duration, listed } from '../words.ts';

/** kube-controller-manager signs within seconds, but 20 requests a second at most. */
const signingMs = 2 * 60_000;
/** It renews its Lease every 2 seconds and loses it after 15. */
const leaseMs = 60_000;

/** Either pair gives kubelet-serving a key; any flag of a signer of its own replaces the general ones. */
const generalKey = 'cluster-signing-key-file';
const servingKey = 'cluster-signing-kubelet-serving-key-file';
const ownFlags = /^cluster-signing-(kubelet-serving|kubelet-client|kube-apiserver-client|legacy-unknown)-/;

export const signer: Check = {
  name: 'Signer',
  group: 'Signer',
  asks: 'Is what is approved also signed?',
  faults: {
    RequestsNotSigned: {
      severity: 'error',
      why: 'An approved request without a certificate leaves its node without logs, exec and metrics, as if nobody had approved it.',
      mend: 'See that kube-controller-manager runs, and has --cluster-signing-cert-file and --cluster-signing-key-file, or the same for kubelet-serving ("Approved, not issued" in deploy/README.md). What waits is then signed.',
    },
    ControllerManagerGone: {
      severity: 'error',
      why: 'kube-controller-manager signs the certificates; while it is gone nothing is signed, however much is approved.',
      mend: 'Start it again (kubeadm: /etc/kubernetes/manifests/kube-controller-manager.yaml on each control-plane node). What was approved meanwhile is then signed.',
    },
    SigningKeyMissing: {
      severity: 'error',
      why: 'Without a key kube-controller-manager leaves approved requests as they are.',
      mend: 'Give it --cluster-signing-cert-file and --cluster-signing-key-file, or both flags that begin with --cluster-signing-kubelet-serving-.',
    },
    RequestsFailed: {
      severity: 'warning',
      why: 'The signer refused what was approved. This program approves no such request: somebody else does.',
      mend: 'See who approved it, and delete the request: its kubelet makes another one.',
    },
  },
  run: (snapshot) => {
    const { requests, controllerManagerLease, controllerManagers, now } = snapshot;
    const results: Result[] = [];
    const ours = (hint(requests) ?? []).filter(({ signerName }) => signerName === serving);
    const lease = hint(controllerManagerLease);
    const unsigned = ours.filter(
      ({ state, decidedAt }) => state === 'approved' && now - decidedAt > signingMs,
    );
    if (lease !== undefined && now - lease.renewedAt > leaseMs) {
      const since = duration(now - lease.renewedAt);
      results.push(
        fault('ControllerManagerGone', `Lease kube-system/kube-controller-manager was renewed ${since} ago`),
      );
    }
    if (unsigned.length > 0) {
      const oldest = duration(now - Math.min(...unsigned.map(({ decidedAt }) => decidedAt)));
      results.push(
        fault(
          'RequestsNotSigned',
          `${count(unsigned.length, 'approved request')} without a certificate, for up to ${oldest}: ${listed(unsigned.map(({ name }) => name))}`,
        ),
      );
    }
    const keyless = (hint(controllerManagers) ?? []).filter(({ flags }) => !hasKey(flags));
    if (keyless.length > 0)
      results.push(
        fault('SigningKeyMissing', `no key for ${serving} in ${listed(keyless.map(({ where }) => where))}`),
      );
    const failed = ours.filter(({ state }) => state === 'failed');
    if (failed.length > 0) {
      results.push(
        fault(
          'RequestsFailed',
          `${count(failed.length, 'request')}: ${listed(failed.map(({ name }) => name))}: ${escapeText(failed[0]?.failure ?? '')}`,
          [command('kubectl', 'delete', 'csr', '--', ...failed.map(({ name }) => name))],
        ),
      );
    }
    if (results.length > 0) return results;
    const issued = ours.filter(({ state }) => state === 'issued');
    if (lease !== undefined)
      return [
        ok(`kube-controller-manager renews its Lease; ${count(issued.length, 'certificate')} issued of late`),
      ];
    if (issued.length > 0) return [ok(`${count(issued.length, 'certificate')} issued of late`)];
    if ('unseen' in controllerManagerLease) return [unknown(controllerManagerLease.unseen)];
    if ('unseen' in requests) return [unknown(requests.unseen)];
    return [
      unknown({
        why: 'there is no Lease kube-system/kube-controller-manager, and no request was approved of late: nothing shows whether it runs',
        permission: '',
      }),
    ];
  },
};

function hasKey(flags: Flags['flags']): boolean {
  if (flags.has(servingKey)) return true;
  return flags.has(generalKey) && ![...flags.keys()].some((name) => ownFlags.test(name));
}
