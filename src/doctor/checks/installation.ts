import { escapeText } from '../../text/escape.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { hint } from '../seen.ts';
import { command } from '../shell.ts';
import type { PodState, Snapshot } from '../snapshot.ts';
import { count, duration } from '../words.ts';

export const installed: Check = {
  name: 'Installation',
  group: 'Installation',
  asks: 'Is the program installed, once?',
  faults: {
    NotInstalled: {
      severity: 'error',
      why: 'Nobody approves serving certificates.',
      mend: 'Install it, or name its namespace with --namespace: "Install" in deploy/README.md.',
    },
    SecondInstallation: {
      severity: 'warning',
      why: 'Each installation decides by its own policy: the more generous of the two decides.',
      mend: 'Remove the one that is not wanted.',
    },
  },
  run: (snapshot) => {
    const { installations, own, target } = snapshot;
    if ('unseen' in own) return [unknown(own.unseen)];
    if (own.value === undefined) {
      return [fault('NotInstalled', `no Deployment of it in namespace ${escapeText(target.namespace)}`)];
    }
    if ('unseen' in installations) return [unknown(installations.unseen)];
    const results: Result[] = [];
    for (const { namespace, name } of installations.value) {
      if (namespace === own.value.namespace && name === own.value.name) continue;
      const remove = command('kubectl', 'delete', 'deployment', '-n', namespace, '--', name);
      results.push(
        fault('SecondInstallation', `Deployment ${escapeText(name)} in namespace ${escapeText(namespace)}`, [
          remove,
        ]),
      );
    }
    return results.length > 0 ? results : [ok(`Deployment ${escapeText(own.value.name)}`)];
  },
};

/** Of what is not installed `NotInstalled` says it all: that it has no pods and no leader is no finding beside it. */
const isMissing = ({ own }: Snapshot): boolean => 'value' in own && own.value === undefined;

export const pods: Check = {
  name: 'Pods',
  group: 'Installation',
  asks: 'Do its pods run, and say that they are ready?',
  faults: {
    NoPodReady: {
      severity: 'error',
      why: 'A pod that is not ready decides nothing.',
      mend: 'See why: "Not ready" and "The program ends at its start" in deploy/README.md.',
    },
    PodsNotReady: {
      severity: 'warning',
      why: 'One pod is ready; if it goes, nobody takes over.',
      mend: 'See why: "Not ready" and "The program ends at its start" in deploy/README.md.',
    },
    OnePod: {
      severity: 'info',
      why: 'While the one pod is moved to another node, requests wait; kubelets wait 15 minutes.',
      mend: 'The component `ha` runs two.',
    },
  },
  run: (snapshot) => {
    const { pods: part, target } = snapshot;
    if ('unseen' in part) return [unknown(part.unseen)];
    if (part.value.length === 0 && isMissing(snapshot)) return [];
    const where = ['-n', target.namespace];
    const bad = part.value.filter(({ ready }) => !ready);
    const good = part.value.length - bad.length;
    const shown = bad
      .slice(0, 3)
      .map(({ name, problem }) => escapeText(problem === '' ? name : `${name}: ${problem}`, 512));
    const look = bad
      .slice(0, 3)
      .map(({ name }) => command('kubectl', 'describe', 'pod', ...where, '--', name));
    if (good === 0) {
      return [fault('NoPodReady', part.value.length === 0 ? 'there is no pod' : shown.join('; '), look)];
    }
    if (bad.length > 0) return [fault('PodsNotReady', shown.join('; '), look)];
    const own = hint(snapshot.own);
    if (own !== undefined && own.replicas === 1) {
      const scale = command('kubectl', 'scale', 'deployment', own.name, ...where, '--replicas=2');
      return [fault('OnePod', 'it runs, and is ready', [scale])];
    }
    return [ok(`${count(good, 'pod')}, ready`)];
  },
};

export const leader: Check = {
  name: 'Leader',
  group: 'Installation',
  asks: 'Is there one that decides?',
  faults: {
    NobodyLeads: {
      severity: 'error',
      why: 'Pods that stand by decide nothing.',
      mend: '"Nobody leads" in deploy/README.md.',
    },
    LeaderNotOurs: {
      severity: 'warning',
      why: 'Whoever holds the Lease is no pod of this installation: its pods stand by, and he decides, or nobody.',
      mend: 'If it was taken by hand, delete the Lease, and start the pods anew: those that have seen it leave it to its holder for as long as it says. Another installation needs another `leaderElection.name`.',
    },
  },
  run: (snapshot) => {
    const { leader: part, pods: podsPart, config, now, target, own } = snapshot;
    if ('value' in config && !config.value.config.leaderElection.enabled)
      return [ok('no election: whoever runs decides')];
    if ('unseen' in part) return [unknown(part.unseen)];
    const { value: lease } = part;
    const { name = 'rego-csr-approver-leader', namespace = target.namespace } =
      'value' in config ? config.value.config.leaderElection : {};
    if (lease === undefined || lease.holder === '')
      return isMissing(snapshot) ? [] : [fault('NobodyLeads', 'the Lease has no holder')];
    const holder = escapeText(lease.holder, 128);
    const late = now - lease.renewedAt - lease.seconds * 1000;
    if (late > 0 && isMissing(snapshot)) return [];
    if (late > 0) {
      return [fault('NobodyLeads', `${holder} renewed the Lease ${duration(now - lease.renewedAt)} ago`)];
    }
    const list = hint(podsPart);
    const isOurs = list === undefined || list.some((pod) => lease.holder.startsWith(`${pod.name}_`));
    if (!isOurs) {
      const deployment = hint(own)?.name;
      const restart =
        deployment === undefined
          ? []
          : [command('kubectl', 'rollout', 'restart', 'deployment', deployment, '-n', target.namespace)];
      const remove = command('kubectl', 'delete', 'lease', '-n', namespace, '--', name);
      return [fault('LeaderNotOurs', `the Lease is held by ${holder}`, [remove, ...restart])];
    }
    return [ok(`${holder} leads`)];
  },
};

export const image: Check = {
  name: 'Image',
  group: 'Installation',
  asks: 'Is what runs what was tested?',
  faults: {
    ImageNotByDigest: {
      severity: 'warning',
      why: 'A tag is whatever its registry says at the time: another image may run after the next restart.',
      mend: 'Name the image by digest, in your overlay too.',
    },
  },
  run: (snapshot) => {
    const { own: part, target } = snapshot;
    if ('unseen' in part) return [unknown(part.unseen)];
    const { value: own } = part;
    if (own === undefined) return [];
    if (/@sha256:[0-9a-f]{64}$/.test(own.image)) return [ok(escapeText(own.image, 512))];
    const running = runningOf(own.image, hint(snapshot.pods) ?? []);
    const set =
      running === undefined
        ? []
        : [
            command(
              'kubectl',
              'set',
              'image',
              `deployment/${own.name}`,
              '-n',
              target.namespace,
              `${own.container}=${running}`,
            ),
          ];
    return [fault('ImageNotByDigest', escapeText(own.image, 512), set)];
  },
};

/**
 * The image of the Deployment by its digest, as kubelets say; undefined where they do not agree, or where it is another's: what
 * a kubelet says must not bring in an image from elsewhere. One that was loaded by hand has no such name.
 */
function runningOf(wanted: string, started: readonly PodState[]): string | undefined {
  const [only, ...others] = new Set(started.map(({ imageID }) => imageID).filter((id) => id !== ''));
  const [repository, digest] = (only ?? '').split('@');
  if (others.length > 0 || repository === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest ?? ''))
    return undefined;
  return fullName(repository) === fullName(wanted.replace(/:[^/:]*$/, '')) ? only : undefined;
}

/** Of a repository: with the registry that a name without one means (github.com/distribution/reference). */
function fullName(repository: string): string {
  const [first = '', ...rest] = repository.split('/');
  if (rest.length === 0) return `docker.io/library/${first}`;
  return /[.:]|^localhost$/.test(first) ? repository : `docker.io/${repository}`;
}

const enforce = 'pod-security.kubernetes.io/enforce';

export const namespace: Check = {
  name: 'Namespace',
  group: 'Installation',
  asks: 'Is its namespace closed to pods that could take it over?',
  faults: {
    NamespaceNotRestricted: {
      severity: 'warning',
      why: 'A privileged pod in the namespace can read the token of the ServiceAccount, and approve with it.',
      mend: 'Label the namespace.',
    },
  },
  run: ({ namespaceLabels, target }) => {
    if ('unseen' in namespaceLabels) return [unknown(namespaceLabels.unseen)];
    const { value: labels } = namespaceLabels;
    if (labels === undefined) return [];
    const level = labels[enforce] ?? '';
    if (level === 'restricted') return [ok('Pod Security: restricted')];
    const label = command(
      'kubectl',
      'label',
      'namespace',
      target.namespace,
      `${enforce}=restricted`,
      '--overwrite',
    );
    return [
      fault('NamespaceNotRestricted', `${enforce} is ${level === '' ? 'not set' : escapeText(level)}`, [
        label,
      ]),
    ];
  },
};
