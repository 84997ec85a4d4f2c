import { serving } from '../access.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { all, hint } from '../seen.ts';
import { command } from '../shell.ts';
import type { Request } from '../snapshot.ts';
import { count, duration, listed } from '../words.ts';

/** A request is decided within seconds; a kubelet waits 15 minutes for it. */
const pendingMs = 5 * 60_000;
/** A kubelet asks as soon as its Node has an address. */
const askingMs = 10 * 60_000;
/** kube-controller-manager deletes issued requests after an hour, pending ones after a day. */
const keptMs = 60 * 60_000;

const nodePrefix = 'system:node:';

/** A kubelet waits for its newest request alone. */
function newestByUser(requests: readonly Request[]): Map<string, Request> {
  const newest = new Map<string, Request>();
  for (const request of requests) {
    if (request.signerName !== serving) continue;
    const known = newest.get(request.username);
    if (known === undefined || known.createdAt <= request.createdAt) newest.set(request.username, request);
  }
  return newest;
}

const describeCSR = (requests: readonly Request[]): string[] =>
  requests.slice(0, 3).map(({ name }) => command('kubectl', 'describe', 'csr', '--', name));

const nodesOf = (requests: readonly Request[]): string =>
  listed(
    requests.map(({ username }) => username.slice(username.startsWith(nodePrefix) ? nodePrefix.length : 0)),
  );

export const requests: Check = {
  name: 'Requests',
  group: 'Kubelets',
  asks: 'Is every kubelet’s newest request decided?',
  faults: {
    RequestsPending: {
      severity: 'error',
      why: 'Until its request is approved, a node without a certificate has no logs, exec and metrics, and one with a certificate nears its end.',
      mend: 'The request’s Event says why: "Pending, with an Event" in deploy/README.md.',
    },
    RequestsDenied: {
      severity: 'warning',
      why: 'A denial is final; the kubelet asks again about 112 times an hour.',
      mend: 'See who denied it and why, mend that, and delete the request.',
    },
  },
  run: ({ requests: part, now }) => {
    if ('unseen' in part) return [unknown(part.unseen)];
    const newest = [...newestByUser(part.value).values()];
    const pending = newest.filter(
      ({ state, createdAt }) => state === 'pending' && now - createdAt > pendingMs,
    );
    const denied = newest.filter(({ state }) => state === 'denied');
    const results: Result[] = [];
    if (pending.length > 0) {
      const oldest = duration(now - Math.min(...pending.map(({ createdAt }) => createdAt)));
      results.push(
        fault(
          'RequestsPending',
          `${count(pending.length, 'requestor')}, for up to ${oldest}: ${nodesOf(pending)}`,
          describeCSR(pending),
        ),
      );
    }
    if (denied.length > 0) {
      results.push(
        fault(
          'RequestsDenied',
          `${count(denied.length, 'requestor')}: ${nodesOf(denied)}`,
          describeCSR(denied),
        ),
      );
    }
    return results.length > 0
      ? results
      : [ok(`${count(newest.length, 'requestor')} of late, none left waiting`)];
  },
};

export const certificates: Check = {
  name: 'Certificates',
  group: 'Kubelets',
  asks: 'Has every Node a serving certificate, as far as its requests show?',
  faults: {
    NodesNotAsking: {
      severity: 'warning',
      why: 'A kubelet without `serverTLSBootstrap: true` signs its own certificate, which nobody can verify, and never asks.',
      mend: 'Set it in the kubelet’s configuration and restart it: "Make the kubelets ask" in deploy/README.md.',
    },
    CertificatesExpired: {
      severity: 'error',
      why: 'Whoever verifies the kubelet’s certificate refuses it.',
      mend: 'See why no newer request was made or approved: "Rotation is stuck" in deploy/README.md.',
    },
  },
  run: ({ nodes, requests: part, now }) => {
    const parts = all(nodes, part);
    if ('unseen' in parts) return [unknown(parts.unseen)];
    const [list, made] = parts.value;
    const newest = newestByUser(made);
    const requestOf = (node: string): Request | undefined => newest.get(nodePrefix + node);
    const without = list.filter(({ name }) => requestOf(name) === undefined);
    const quiet = without.filter(
      ({ createdAt, ready }) => ready && now - createdAt > askingMs && now - createdAt < keptMs,
    );
    const expired = [...newest.values()].filter(
      ({ state, notAfter }) => state === 'issued' && notAfter > 0 && notAfter < now,
    );
    const results: Result[] = [];
    if (quiet.length > 0) {
      const names = listed(quiet.map(({ name }) => name));
      results.push(
        fault(
          'NodesNotAsking',
          `${count(quiet.length, 'Node')} joined within the hour and made no request: ${names}`,
        ),
      );
    }
    if (expired.length > 0) {
      results.push(
        fault(
          'CertificatesExpired',
          `${count(expired.length, 'Node')}: ${nodesOf(expired)}`,
          describeCSR(expired),
        ),
      );
    }
    const unseenNodes = without.filter(({ createdAt }) => now - createdAt >= keptMs);
    if (unseenNodes.length > 0) {
      const names = listed(unseenNodes.map(({ name }) => name));
      const why = `${count(unseenNodes.length, 'Node')} of ${String(list.length)} with no request left to see, since issued ones are deleted after an hour: ${names}. What a kubelet serves, only it can say`;
      results.push(unknown({ why, permission: '' }));
    }
    return results.length > 0
      ? results
      : [ok(`${count(list.length, 'Node')}, each new or with a request that is there`)];
  },
};

export const kubeletConfiguration: Check = {
  name: 'KubeletConfiguration',
  group: 'Kubelets',
  asks: 'Are kubelets told to ask for a certificate?',
  faults: {
    ServerTLSBootstrapOff: {
      severity: 'warning',
      why: 'Nodes that join take their configuration from ConfigMap kubelet-config; without `serverTLSBootstrap: true` they sign their own certificates.',
      mend: 'Put it into that ConfigMap; then "kubeadm, existing cluster" in deploy/README.md, step 2, on each node that is there.',
    },
    KubeletsNotAsking: {
      severity: 'warning',
      why: 'This kubelet runs without `serverTLSBootstrap: true`: it never asks.',
      mend: 'Set it in the kubelet’s configuration and restart it: "Make the kubelets ask" in deploy/README.md.',
    },
  },
  run: ({ kubeletConfig, kubelets }) => {
    const results: Result[] = [];
    const asked = hint(kubelets) ?? [];
    const off = asked.filter(({ serverTLSBootstrap }) => hint(serverTLSBootstrap) === false);
    if (off.length > 0)
      results.push(
        fault('KubeletsNotAsking', `${count(off.length, 'Node')}: ${listed(off.map(({ node }) => node))}`),
      );
    if (hint(kubeletConfig) === false) {
      results.push(fault('ServerTLSBootstrapOff', 'kube-system/kubelet-config does not say so', [turnOn]));
    }
    for (const { node, serverTLSBootstrap } of asked) {
      if ('unseen' in serverTLSBootstrap) {
        results.push(
          unknown({
            ...serverTLSBootstrap.unseen,
            why: `${listed([node])}: ${serverTLSBootstrap.unseen.why}`,
          }),
        );
      }
    }
    if (results.length > 0) return results;
    if (asked.length > 0)
      return [ok(`${count(asked.length, 'kubelet')} asked, each with serverTLSBootstrap`)];
    if (hint(kubeletConfig) === true)
      return [
        ok('kube-system/kubelet-config says so for nodes that join; --configz N asks kubelets themselves'),
      ];
    if ('unseen' in kubeletConfig) return [unknown(kubeletConfig.unseen)];
    return [
      unknown({
        why: 'there is no ConfigMap kube-system/kubelet-config; --configz N asks N kubelets themselves',
        permission: '',
      }),
    ];
  },
};

/** As in "kubeadm, existing cluster" of deploy/README.md; a test holds the two together. */
const turnOn = String.raw`kubectl -n kube-system get configmap kubelet-config -o yaml | sed -e '/^    serverTLSBootstrap:/d' -e 's/^    kind: KubeletConfiguration$/&\n    serverTLSBootstrap: true/' | kubectl replace -f -`;
