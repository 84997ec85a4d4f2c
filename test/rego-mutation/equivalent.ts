import type { Subject } from './subjects.ts';

/** Mutants that no test can kill, because they do what the original does; and why that is so. */
export interface Equivalent {
  readonly file: string;
  readonly where: Subject['where'] | 'both';
  /** The line, and what becomes of it, in single blanks. */
  readonly original: string;
  readonly mutated: readonly string[];
  readonly reason: string;
}

const bare = (facts: string): string => `_bare_request := object.remove(input, {${facts}})`;

const POWERS =
  '_powers := [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]';
const EXACT = 'regex.match(`^\\^([-a-z0-9]|\\\\\\.)+\\$$`, expression)';
const TRUST =
  'msg := $"no combination of trust confirms {concat("; ", array.slice(lines, 0, 5))}{_and_more(lines)}"';

/** Kept true by the run: each must be a mutant that there is, and must survive. */
export const equivalents: readonly Equivalent[] = [
  {
    file: 'floor/csr/floor/form.rego',
    where: 'everywhere',
    original: bare('"sar", "node", "claims", "cluster", "lookups", "dns", "pending"'),
    mutated: [
      bare('"node", "claims", "cluster", "lookups", "dns", "pending"'),
      bare('"sar", "claims", "cluster", "lookups", "dns", "pending"'),
      bare('"sar", "node", "cluster", "lookups", "dns", "pending"'),
      bare('"sar", "node", "claims", "cluster", "dns", "pending"'),
      bare('"sar", "node", "claims", "cluster", "lookups", "pending"'),
      bare('"sar", "node", "claims", "cluster", "lookups", "dns"'),
    ],
    reason:
      'Of the rules that deny, none reads other facts than Node and cluster, and those that read the Node read the cluster, too.',
  },
  {
    file: 'floor/csr/floor/serving/addresses.rego',
    where: 'both',
    original: 'not startswith(text, "::ffff:")',
    mutated: ['true', 'not startswith(text, "mutated")'],
    reason:
      'For OPA such an address is IPv4 and not in ::/0. For WebAssembly it is: ADDR-30 and MUT-23 fail there.',
  },
  {
    file: 'floor/csr/floor/serving/addresses.rego',
    where: 'both',
    original: 'count(text) in {1, 2, 3}',
    mutated: ['true'],
    reason:
      'An empty text is no number, more than 255 is no octet, and OPA itself refuses a length over 128.',
  },
  {
    file: 'floor/csr/floor/client/text.rego',
    where: 'both',
    original: '_shown(texts) := [shortened(text) | some text in array.slice(sort(texts), 0, 5)]',
    mutated: ['_shown(texts) := [shortened(text) | some text in array.slice(sort(texts), -1, 5)]'],
    reason: 'A slice begins at 0 at the least.',
  },
  {
    file: 'default/csr/kubelet_serving/config.rego',
    where: 'everywhere',
    original: '_config_given',
    mutated: ['true'],
    reason: 'What asks for the knobs of missing data is undefined, too.',
  },
  {
    file: 'default/csr/kubelet_serving/config.rego',
    where: 'everywhere',
    original: 'is_number(value)',
    mutated: ['true'],
    reason: 'What is no number has no floor().',
  },
  {
    file: 'default/csr/kubelet_serving/networks.rego',
    where: 'everywhere',
    original: POWERS,
    mutated: [POWERS.replace('65536', '65537')],
    reason: 'No word is a multiple of either, but 0.',
  },
  {
    file: 'default/csr/kubelet_serving/networks.rego',
    where: 'everywhere',
    original: 'some place in numbers.range(0, count(word) - 1)',
    mutated: [
      'some place in numbers.range(-1, count(word) - 1)',
      'some place in numbers.range(0, count(word) )',
      'some place in numbers.range(0, count(word) - 0)',
    ],
    reason: 'There is no power at a place before the first, and no digit at one behind the last.',
  },
  {
    file: 'default/csr/kubelet_serving/trust.rego',
    where: 'everywhere',
    original: TRUST,
    mutated: [TRUST.replace('0, 5', '-1, 5')],
    reason: 'A slice begins at 0 at the least.',
  },
  {
    file: 'default/csr/kubelet_serving/inventory.rego',
    where: 'everywhere',
    original: EXACT,
    mutated: [EXACT.replace('`^', '`'), EXACT.replace('+\\$$', '+\\$'), EXACT.replace(')+', ')*')],
    reason: 'No Node has an empty name, or one with ^ or $ in it.',
  },
  {
    file: 'default/csr/kubelet_serving/lookups.rego',
    where: 'everywhere',
    original: 'some text in (_requested & texts)',
    mutated: ['some text in ( texts)'],
    reason: 'Only what is requested is looked for there; the fewer there are, the faster.',
  },
  {
    file: 'default/csr/kubelet_serving/lookups.rego',
    where: 'everywhere',
    original: 'some name in _trusted_lookups',
    mutated: ['true'],
    reason: 'What other lookups found is in no combination of trust.',
  },
  {
    file: 'default/csr/kubelet_serving/lookups.rego',
    where: 'everywhere',
    original: '_address_in(entry) := entry.address if is_object(entry)',
    mutated: ['_address_in(entry) := entry.address if true'],
    reason: 'What is no object has no address.',
  },
  {
    file: 'default/csr/kubelet_serving/claims.rego',
    where: 'everywhere',
    original: 'count(sans) > 0',
    mutated: ['true', 'count(sans) >= 0', 'count(sans) > -1'],
    reason: 'What singles a Node out is requested and in lower case, so there is a SAN of it.',
  },
  {
    file: 'default/csr/kubelet_serving/node_state.rego',
    where: 'everywhere',
    original: 'substring(input.node.created_at, 0, 19) <= substring(input.created_at, 0, 19)',
    mutated: ['substring(input.node.created_at, 0, 19) <= substring(input.created_at, 0, 20)'],
    reason: 'Of two texts with one beginning the longer is not the lesser.',
  },
];
