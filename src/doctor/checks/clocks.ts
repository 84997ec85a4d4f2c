import { fault, ok, unknown, type Check } from '../finding.ts';
import { all } from '../seen.ts';
import { count, duration, listed } from '../words.ts';

/** HTTP tells time in whole seconds, and an answer takes some. */
const ourToleranceMs = 10_000;
/** Signers backdate certificates by five minutes: a node further behind takes a new one for not yet valid. */
const nodeToleranceMs = 5 * 60_000;

const differ = (ms: number): string => `${duration(Math.abs(ms))} ${ms > 0 ? 'ahead of' : 'behind'}`;

export const ourClock: Check = {
  name: 'Clock',
  group: 'Clocks',
  asks: 'Does this machine’s clock agree with the API server’s?',
  faults: {
    ClockDiffers: {
      severity: 'warning',
      why: 'One of the two is wrong. Ages here are told by the API server’s clock, as the program does it.',
      mend: 'Compare both with a third, and set the wrong one: `timedatectl set-ntp true`, or whatever keeps its time.',
    },
  },
  run: ({ now, ourNow }) => {
    const ms = ourNow - now;
    if (Math.abs(ms) <= ourToleranceMs) return [ok('it does, by the Date of its answers')];
    return [fault('ClockDiffers', `this machine is ${differ(ms)} the API server`)];
  },
};

export const nodeClocks: Check = {
  name: 'NodeClocks',
  group: 'Clocks',
  asks: 'Do the nodes’ clocks agree with the API server’s?',
  faults: {
    NodeClockDiffers: {
      severity: 'warning',
      why: 'A node that is behind takes its new certificate for one that is not valid yet; one that is ahead takes it for expired too early.',
      mend: 'Set the node’s clock: `timedatectl set-ntp true` on it, or whatever keeps its time.',
    },
  },
  run: ({ heartbeats, nodes, now }) => {
    const parts = all(heartbeats, nodes);
    if ('unseen' in parts) return [unknown(parts.unseen)];
    const [beats, list] = parts.value;
    // One that is not Ready is silent, and its last word is old.
    const heard = list.flatMap(({ name, ready }) => {
      const at = beats.get(name);
      return ready && at !== undefined ? [{ name, ms: at - now }] : [];
    });
    const off = heard.filter(({ ms }) => Math.abs(ms) > nodeToleranceMs);
    if (off.length > 0) {
      const worst = off.toSorted((a, b) => Math.abs(b.ms) - Math.abs(a.ms));
      const [first] = worst;
      return [
        fault(
          'NodeClockDiffers',
          `${count(off.length, 'Node')}, up to ${differ(first?.ms ?? 0)} the API server: ${listed(worst.map(({ name }) => name))}`,
        ),
      ];
    }
    if (heard.length === 0)
      return [unknown({ why: 'no Ready Node has a Lease in kube-node-lease', permission: '' })];
    return [ok(`${count(heard.length, 'Node')} within ${duration(nodeToleranceMs)}`)];
  },
};
