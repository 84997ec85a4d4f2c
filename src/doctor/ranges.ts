import { BlockList, isIP } from 'node:net';

/** Whether addresses are in any of some ranges, such as 10.96.0.0/12. What is no range or no address is in none. */
export function ranges(cidrs: readonly string[]): (address: string) => boolean {
  // One for each family: a BlockList takes an IPv4 address for its IPv4-mapped double, which `::/8` holds.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const cidr of cidrs) {
    const [address = '', length = ''] = cidr.split('/');
    const family = familyOf(address);
    if (family === undefined || !/^\d{1,3}$/.test(length)) continue;
    if (Number(length) <= (family === 'ipv4' ? 32 : 128)) {
      lists[family].addSubnet(address, Number(length), family);
    }
  }
  return (address) => {
    const family = familyOf(address);
    return family !== undefined && lists[family].check(address, family);
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const family = isIP(address);
  return family === 4 ? 'ipv4' : family === 6 ? 'ipv6' : undefined;
}

/** Whether a range lies in any of some others: its first address does, and it is no longer, since ranges nest or are apart. */
export function within(others: readonly string[]): (cidr: string) => boolean {
  const made = others.map((other) => ({ length: Number(other.split('/')[1]), holds: ranges([other]) }));
  return (cidr) => {
    const [address = '', length = ''] = cidr.split('/');
    return made.some((other) => Number(length) >= other.length && other.holds(address));
  };
}
