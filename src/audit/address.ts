import { BlockList, isIPv4 } from 'node:net';
import { parseIP } from '../csr/ip.ts';

/** Where no kubelet is, whatever a Node says. Nodes write their own addresses: an audit must not be led to its own machine. */
const ranges = [
  ['0.0.0.0', 8, 'an unspecified address (RFC 1122)'],
  ['127.0.0.0', 8, 'a loopback address'],
  ['169.254.0.0', 16, 'a link-local address, where clouds serve credentials'],
  ['192.0.0.0', 24, 'a protocol assignment (RFC 6890), and a metadata service'],
  ['100.100.100.200', 32, 'a metadata service'],
  ['168.63.129.16', 32, 'a metadata service'],
  ['224.0.0.0', 4, 'a multicast address'],
  ['240.0.0.0', 4, 'a reserved address'],
  ['::', 96, 'a loopback, unspecified or IPv4-compatible address'],
  ['64:ff9b::', 96, 'an IPv4 address in disguise (RFC 6052)'],
  ['64:ff9b:1::', 48, 'an IPv4 address in disguise (RFC 8215)'],
  ['::ffff:0:0:0', 96, 'an IPv4 address in disguise (RFC 7915)'],
  ['fe80::', 10, 'a link-local address'],
  ['ff00::', 8, 'a multicast address'],
  ['fd00:ec2::', 32, 'a metadata service'],
  ['fd20:ce::', 32, 'a metadata service'],
] as const satisfies readonly (readonly [network: string, prefix: number, what: string])[];

const lists = ranges.map(([network, prefix, what]) => {
  const list = new BlockList();
  list.addSubnet(network, prefix, isIPv4(network) ? 'ipv4' : 'ipv6');
  return { list, what };
});

/** Below are the ports of a machine's own services. */
const leastPort = 1024;
const mostPort = 65_535;

/**
 * Why a kubelet is not asked at that address and port; undefined where it may be.
 * @param address canonical
 */
export function refusedTarget(address: string, port: number): string | undefined {
  if (parseIP(address) !== address) return `${address} is no address`;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const found = lists.find(({ list }) => list.check(address, family));
  if (found !== undefined) return `${address} is ${found.what}`;
  if (!Number.isInteger(port) || port < leastPort || port > mostPort)
    return `port ${String(port)} is no kubelet's: it would be ${String(leastPort)} or above`;
  return undefined;
}
