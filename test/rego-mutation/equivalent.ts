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
    original: 'regex.match(`^[0-9a-f:]+$`, text)',
    mutated: ['regex.match(`^[0-9a-f:]*$`, text)'],
    reason: 'An empty text is in no range.',
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
    original: 'regex.match(`^(0|[1-9][0-9]{0,2})$`, length)',
    mutated: ['regex.match(`^(0|[1-9][0-9]{0,3})$`, length)'],
    reason: 'OPA itself refuses a length over 128.',
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
    file: 'default/csr/kubelet_serving/node_state.rego',
    where: 'everywhere',
    original: 'substring(input.node.created_at, 0, 19) <= substring(input.created_at, 0, 19)',
    mutated: ['substring(input.node.created_at, 0, 19) <= substring(input.created_at, 0, 20)'],
    reason: 'Of two texts with one beginning the longer is not the lesser.',
  },
];
