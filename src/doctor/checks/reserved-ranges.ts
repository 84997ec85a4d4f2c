import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { ranges } from '../ranges.ts';
import { inOverlay, notReserved } from '../reserve.ts';
import { all } from '../seen.ts';
import { podRangesOf, unreserved } from '../unreserved.ts';
import { count, listed } from '../words.ts';

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
    const { serviceCIDRs } = unreserved(snapshot);
    const code = 'ServiceRangesNotReserved';
    return [
      serviceCIDRs.length === 0
        ? fault(code, 'no range is configured; --service-cluster-ip-range of the API server has it')
        : notReserved(code, `Services are in ${listed(serviceCIDRs)}`, configured, snapshot),
    ];
  },
};

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
      mend: 'Let the policy trust another source than the Node for addresses, such as an inventory (`trust`), where that matters. A Node writes its own addresses: where it is few that have such ones, look at their machines first.',
    },
    RangeHoldsNodes: {
      severity: 'error',
      why: 'An address in a reserved range is refused: these nodes get no certificate.',
      mend: 'A Node writes its own addresses: if its machine has no such address, treat it as compromised, and leave the range as it is. Else take the range out of `cluster` of the configuration, or narrow it to where no node is.',
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
    const { open, shared } = podRangesOf(snapshot);
    const results: Result[] = [];
    if (open.length > 0) {
      results.push(notReserved('PodRangesNotReserved', `pods are in ${listed(open)}`, configured, snapshot));
    }
    if (shared.length > 0) {
      const inside = ranges(shared);
      const names = nodes.filter(({ addresses }) => addresses.some(inside)).map(({ name }) => name);
      const text = `${String(names.length)} of ${count(nodes.length, 'Node')} are in ${listed(shared)} too: ${listed(names)}`;
      results.push(fault('RangeShared', text));
    }
    if (results.length > 0) return results;
    if (fact.pod_cidrs.length > 0) return [ok(`the configuration has ${listed(fact.pod_cidrs)}`)];
    const why =
      'no pod range is configured, and none can be seen: neither kubeadm, nor --cluster-cidr, nor Nodes name one';
    return [unknown({ why, permission: '' })];
  },
};
