import { escapeText } from '../../text/escape.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { ranges, within } from '../ranges.ts';
import { commandsFor, linesOf, type Reserved } from '../reserve.ts';
import { all, hint } from '../seen.ts';
import type { Configured, Snapshot } from '../snapshot.ts';
import { count, listed } from '../words.ts';

const inOverlay =
  'Add them to `cluster` of the configuration, in your overlay too: what is patched in the cluster lasts until it is applied again.';

function toReserve(
  code: string,
  text: string,
  added: Reserved,
  configured: Configured,
  snapshot: Snapshot,
): Result {
  const lines = escapeText(linesOf(configured, added), 1024);
  return fault(
    code,
    `${text}; ${escapeText(configured.where)} should have ${lines}`,
    commandsFor(configured, added, snapshot.target, hint(snapshot.own)),
  );
}

const split = (text: string): string[] => text.split(',').filter((part) => part !== '');

export const serviceRanges: Check = {
  name: 'ServiceRanges',
  group: 'Reserved names',
  asks: 'Is it known which addresses are those of Services?',
  faults: {
    ServiceRangesNotReserved: {
      severity: 'warning',
      why: 'The API server has no ServiceCIDR API (before 1.33), so the program does not know the range by itself: a node that lists the address of a Service would get a certificate for it.',
      mend: inOverlay,
    },
  },
  run: (snapshot) => {
    const parts = all(snapshot.hasServiceCIDRs, snapshot.config);
    if ('unseen' in parts) return [unknown(parts.unseen)];
    const [hasAPI, configured] = parts.value;
    const known = configured.config.cluster.serviceCIDRs;
    if (hasAPI) return [ok('the API server says it itself, by ServiceCIDR objects')];
    if (known.length > 0) return [ok(`the configuration has ${listed(known)}`)];
    const serviceSubnet = split(
      hint(snapshot.kubeadm)?.serviceSubnet ?? flagOf(snapshot.apiServers, 'service-cluster-ip-range'),
    );
    if (serviceSubnet.length === 0) {
      return [
        fault(
          'ServiceRangesNotReserved',
          'no range is configured; --service-cluster-ip-range of the API server has it',
        ),
      ];
    }
    const text = `Services are in ${listed(serviceSubnet)}`;
    return [
      toReserve('ServiceRangesNotReserved', text, { serviceCIDRs: serviceSubnet }, configured, snapshot),
    ];
  },
};

const flagOf = (components: Snapshot['apiServers'], name: string): string =>
  hint(components)
    ?.map(({ flags }) => flags.get(name) ?? '')
    .find((value) => value !== '') ?? '';

export const podRanges: Check = {
  name: 'PodRanges',
  group: 'Reserved names',
  asks: 'Is it known which addresses are those of pods?',
  faults: {
    PodRangesNotReserved: {
      severity: 'warning',
      why: 'The program cannot know the pods’ range by itself: a node that lists the address of a pod would get a certificate for it.',
      mend: inOverlay,
    },
    RangeShared: {
      severity: 'info',
      why: 'Nodes and pods have addresses of one range, so it cannot be reserved: a node that lists the address of a pod would get a certificate for it.',
      mend: 'Let the policy trust another source than the Node for addresses, such as an inventory (`trust`), where that matters.',
    },
    RangeHoldsNodes: {
      severity: 'error',
      why: 'An address in a reserved range is refused: these nodes get no certificate.',
      mend: 'Take the range out of `cluster` of the configuration, or narrow it to where no node is.',
    },
  },
  run: (snapshot) => {
    const parts = all(snapshot.config, snapshot.nodes, snapshot.cluster);
    if ('unseen' in parts) return [unknown(parts.unseen)];
    const [configured, nodes, fact] = parts.value;
    const reserved = [...fact.pod_cidrs, ...fact.service_cidrs];
    const holds = ranges(reserved);
    const caught = nodes.filter(({ addresses }) => addresses.some(holds));
    if (caught.length > 0) {
      const names = listed(caught.map(({ name }) => name));
      return [fault('RangeHoldsNodes', `${count(caught.length, 'Node')} in ${listed(reserved)}: ${names}`)];
    }
    const found = [
      ...split(hint(snapshot.kubeadm)?.podSubnet ?? ''),
      ...split(flagOf(snapshot.controllerManagers, 'cluster-cidr')),
    ];
    const ofNodes = nodes.flatMap(({ podCIDRs }) => podCIDRs).filter((one) => !within(one, found));
    const open = [...new Set([...found, ...ofNodes])].filter((one) => !within(one, fact.pod_cidrs)).sort();
    if (open.length > 0) {
      const inside = ranges(open);
      const shared = nodes.filter(({ addresses }) => addresses.some(inside));
      // A flat network: nodes and pods share the range, and to reserve it would refuse every node.
      if (shared.length > 0)
        return [fault('RangeShared', `${listed(open)} holds ${count(shared.length, 'Node')} too`)];
      return [
        toReserve(
          'PodRangesNotReserved',
          `pods are in ${listed(open)}`,
          { podCIDRs: open },
          configured,
          snapshot,
        ),
      ];
    }
    if (fact.pod_cidrs.length > 0) return [ok(`the configuration has ${listed(fact.pod_cidrs)}`)];
    const why =
      'no pod range is configured, and none can be seen: neither kubeadm, nor --cluster-cidr, nor Nodes name one';
    return [unknown({ why, permission: '' })];
  },
};
