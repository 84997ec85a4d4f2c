import { escapeText } from '../../text/escape.ts';
import { keyOf, node, registerNode } from '../access.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { hint } from '../seen.ts';
import type { Flags, Snapshot } from '../snapshot.ts';
import { count, listed } from '../words.ts';

/** Before it, NodeRestriction does not hold a node to its own common name (KEP-4193 came with it too). */
const oldest = 31;

export const version: Check = {
  name: 'KubernetesVersion',
  group: 'API server',
  asks: 'Is this a version of Kubernetes that the program is made for?',
  faults: {
    KubernetesOld: {
      severity: 'warning',
      why: 'Before 1.31 the API server itself lets a node ask for a certificate in another node’s name: the floor alone stands in between.',
      mend: 'Upgrade the cluster.',
    },
  },
  run: ({ version: text }) => {
    const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(text) ?? [];
    if (minor === undefined) {
      return [unknown({ why: `the API server says that it is ${escapeText(text, 64)}`, permission: '' })];
    }
    const isOld = major === '1' && Number(minor) < oldest;
    return [isOld ? fault('KubernetesOld', escapeText(text, 64)) : ok(escapeText(text, 64))];
  },
};

export const nodeAuthorizer: Check = {
  name: 'NodeAuthorizer',
  group: 'API server',
  asks: 'Is a node held to its own objects by the Node authorizer?',
  faults: {
    NodeAuthorizerOff: {
      severity: 'error',
      why: 'No node may do what a kubelet does: it cannot register, nor ask for a certificate.',
      mend: 'Give every API server --authorization-mode=Node,RBAC (kubeadm: /etc/kubernetes/manifests/kube-apiserver.yaml, and apiServer.extraArgs of ConfigMap kubeadm-config).',
    },
    NodesByRBAC: {
      severity: 'warning',
      why: 'What a node may do is granted by RBAC, to each for all of them: it may read the secrets of every pod, and write other Nodes.',
      mend: 'Give every API server --authorization-mode=Node,RBAC, and take the binding away from group system:nodes.',
    },
  },
  run: ({ reviews, nodes }) => {
    const name = sampleNode({ nodes });
    const review = reviews.get(keyOf({ ...node(name), attributes: registerNode }));
    if (review === undefined) return [unknown({ why: 'it was not asked', permission: '' })];
    if ('unseen' in review) return [unknown(review.unseen)];
    const { allowed, reason } = review.value;
    if (!allowed) return [fault('NodeAuthorizerOff', `a node may not create its own Node`)];
    if (reason.startsWith('RBAC')) return [fault('NodesByRBAC', escapeText(reason))];
    return [ok('what a node may do is not granted by RBAC')];
  },
};

/** A name that a review is asked about. */
export const sampleNode = ({ nodes }: Pick<Snapshot, 'nodes'>): string =>
  hint(nodes)?.[0]?.name ?? 'rego-csr-approver-doctor';

const plugins = {
  NodeRestriction: 'NodeRestrictionOff',
  CertificateApproval: 'CertificateApprovalOff',
} as const;
type Plugin = keyof typeof plugins;
/** On unless a flag says otherwise (pkg/kubeapiserver/options/plugins.go, DefaultOffAdmissionPlugins). */
const onByDefault: ReadonlySet<Plugin> = new Set(['CertificateApproval']);

/** So many writes have been through admission that a plugin which was asked about none of them is not there. */
const enoughWrites = 10;

export const admission: Check = {
  name: 'AdmissionPlugins',
  group: 'API server',
  asks: 'Do the admission plugins run that a policy relies on?',
  faults: {
    NodeRestrictionOff: {
      severity: 'error',
      why: 'Without NodeRestriction a node may write other Nodes, and give itself the control-plane label: its names and addresses prove nothing.',
      mend: 'Give every API server --enable-admission-plugins=NodeRestriction, beside the plugins that it names already (kubeadm: /etc/kubernetes/manifests/kube-apiserver.yaml, and apiServer.extraArgs of ConfigMap kubeadm-config).',
    },
    CertificateApprovalOff: {
      severity: 'error',
      why: 'Without CertificateApproval whoever may update one approval may approve requests for every signer, this program included.',
      mend: 'Take CertificateApproval out of --disable-admission-plugins of every API server.',
    },
  },
  run: ({ apiServers, admission: seenPlugins }) => {
    const servers = hint(apiServers) ?? [];
    const asked = hint(seenPlugins)?.plugins ?? new Map<string, number>();
    const writes = Math.max(0, ...asked.values());
    const results: Result[] = [];
    for (const plugin of ['NodeRestriction', 'CertificateApproval'] as const) {
      const without = servers.filter(({ flags }) => !enables(flags, plugin));
      if (without.length > 0) {
        results.push(
          fault(plugins[plugin], `by its flags off in ${listed(without.map(({ where }) => where))}`),
        );
      } else if (asked.has(plugin) || servers.length > 0) continue;
      else if (writes >= enoughWrites) {
        results.push(
          fault(
            plugins[plugin],
            `of ${count(writes, 'write')} the API server that answered showed none to it`,
          ),
        );
      } else {
        const why = 'neither its flags nor its metrics show which plugins run';
        const part = 'unseen' in seenPlugins ? seenPlugins.unseen : { why, permission: '' };
        return [...results, unknown({ ...part, why: `${why}: ${part.why}` })];
      }
    }
    if (results.length > 0) return results;
    const by =
      servers.length > 0
        ? `by the flags of ${count(servers.length, 'API server')}`
        : 'by the metrics of the API server that answered';
    return [ok(`NodeRestriction and CertificateApproval run, ${by}`)];
  },
};

function enables(flags: Flags['flags'], plugin: Plugin): boolean {
  const has = (name: string): boolean => (flags.get(name) ?? '').split(',').includes(plugin);
  if (has('disable-admission-plugins')) return false;
  return onByDefault.has(plugin) || has('enable-admission-plugins') || has('admission-control');
}

export const kubeletVerification: Check = {
  name: 'KubeletVerification',
  group: 'API server',
  asks: 'Does the API server verify the certificates that are approved?',
  faults: {
    KubeletsNotVerified: {
      severity: 'warning',
      why: 'Without --kubelet-certificate-authority the API server takes any certificate from whoever answers at a node’s address, and `kubectl exec` sends him what you type.',
      mend: 'When every kubelet serves a signed certificate, give every API server --kubelet-certificate-authority, in the order of "Make the API server check" in deploy/README.md.',
    },
  },
  run: ({ apiServers }) => {
    if ('unseen' in apiServers) return [unknown(apiServers.unseen)];
    const without = apiServers.value.filter(
      ({ flags }) => (flags.get('kubelet-certificate-authority') ?? '') === '',
    );
    if (without.length > 0) {
      return [
        fault(
          'KubeletsNotVerified',
          `--kubelet-certificate-authority is missing in ${listed(without.map(({ where }) => where))}`,
        ),
      ];
    }
    return [
      ok(`--kubelet-certificate-authority is set in ${listed(apiServers.value.map(({ where }) => where))}`),
    ];
  },
};
