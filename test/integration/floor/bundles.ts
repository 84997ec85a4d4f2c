import { client, serving } from './requests.ts';

/** A bundle that wants everything approved; the code by which it is refused, or else it approves what is good. */
export interface HostileBundle {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** An overlay over its data. */
  readonly overlay?: object;
  readonly refused?: string;
}

const yes = '"allow": true, "deny": set(), "wait": set(), "warn": set(), "config_errors": set()';
const entrypoint = (name: string, signer: string, more = '', value = `{${yes}}`) => `
# METADATA
# entrypoint: true
# custom:
#   signer_name: ${signer}
${more}${name} := ${value}
`;
const rules = (more = '', value?: string) =>
  entrypoint('serving', serving, more, value) + entrypoint('client', client, more, value);
const policy = (body: string) => ({ 'csr/mine/p.rego': `package csr.mine\n${body}` });
const manifest = (...roots: string[]) => ({ '.manifest': JSON.stringify({ roots, rego_version: 1 }) });
const mine = manifest('csr/mine');

const floorData = JSON.stringify({
  pass: true,
  facts: { pass: true, deny: [], wait: [] },
  serving: { facts: true, form: true, _reserved_ranges: {} },
});

/** Says yes to every request of both signers. */
export const allowAll: HostileBundle = {
  name: 'says yes to everything',
  files: { ...mine, ...policy(rules()) },
};

export const hostileBundles: readonly HostileBundle[] = [
  allowAll,
  {
    name: 'is called like the floor',
    files: {
      ...manifest('csr/floor'),
      'csr/floor/p.rego': `package csr.floor\n${entrypoint('form', serving)}${entrypoint('facts', client)}`,
    },
  },
  {
    name: 'is called like the packages of the floor, and has their rules',
    files: {
      ...manifest('csr'),
      ...policy(rules()),
      'csr/floor/serving/p.rego':
        'package csr.floor.serving\n\nform := true\n\nfacts := true\n\ndeny := set()\n\nwait := set()\n',
      'csr/floor/client/p.rego': 'package csr.floor.client\n\nform := true\n\nfacts := true\n',
    },
  },
  {
    name: 'has data where the floor has rules',
    files: { ...manifest('csr'), ...policy(rules()), 'csr/floor/data.json': floorData },
  },
  {
    name: 'has knobs where the floor has rules, which an overlay turns',
    files: {
      ...manifest('csr'),
      ...policy(rules('#   knobs: csr.floor\n')),
      'csr/floor/data.json': floorData,
    },
    overlay: { csr: { floor: { pass: true, serving: {} } } },
  },
  { name: 'owns everything', files: { ...manifest(''), ...policy(rules()) }, refused: 'RootsInvalid' },
  {
    name: 'has data above its roots',
    files: {
      ...manifest('csr/mine', 'csr/floor/serving'),
      ...policy(rules()),
      'csr/floor/serving/data.json': '{}',
    },
  },
  {
    name: 'says that no fact is needed',
    files: {
      ...mine,
      ...policy(rules('#   facts: {sar: {}, node: false, claims: false, cluster: false, pending: false}\n')),
    },
  },
  {
    name: 'asks for the facts of the floor under another meaning',
    files: {
      ...mine,
      ...policy(
        entrypoint('serving', serving) +
          entrypoint('client', client, '#   facts: {sar: {nodeclient: {resource: pods, verb: get}}}\n'),
      ),
    },
    refused: 'FactsConflict',
  },
  {
    name: 'says which signers the floor is for',
    files: { ...mine, ...policy(rules(`#   signers: {${serving}: {}}\n`)) },
    refused: 'AnnotationInvalid',
  },
  {
    name: 'serves another signer too',
    files: { ...mine, ...policy(rules() + entrypoint('other', 'kubernetes.io/kube-apiserver-client')) },
    refused: 'SignerNotSupported',
  },
  {
    name: 'answers as the floor would',
    files: { ...mine, ...policy(rules('', '{"pass": true, "deny": set(), "wait": set()}')) },
    refused: 'DecisionInvalid',
  },
  {
    name: 'answers for both',
    files: { ...mine, ...policy(rules('', `{${yes}, "pass": true}`)) },
    refused: 'DecisionInvalid',
  },
  {
    name: 'replaces functions and the input',
    files: {
      ...mine,
      ...policy(`${rules('', '_decision')}
_decision := {${yes}, "note": "x"} if not _fooled

_decision := {${yes}} if _fooled

_fooled if {
	net.cidr_contains("10.0.0.0/8", "127.0.0.1") with net.cidr_contains as true
	input.name == "x" with input as {"name": "x"}
}
`),
    },
  },
  {
    name: 'explains an approval with warnings of the floor',
    files: {
      ...mine,
      ...policy(
        rules(
          '',
          `{"allow": true, "deny": set(), "wait": set(), "warn": {{"code": "FloorPassed", "msg": "pass"}}, "config_errors": set()}`,
        ),
      ),
    },
  },
];
