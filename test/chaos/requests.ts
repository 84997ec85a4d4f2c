import { buildCSR, type CSRSpec } from '../support/csr.ts';
import type { Identity } from './impersonator.ts';

/** A machine of the scenes: Node number N of a kind is called KIND-N, and has an address of its own. */
export interface Machine {
  readonly name: string;
  readonly address: string;
}

export const machine = (kind: 'kubelet' | 'thief' | 'burst' | 'flood', number: number): Machine => {
  const second = { kubelet: 1, thief: 2, burst: 3, flood: 4 }[kind];
  const [high, low] = [Math.floor(number / 250), (number % 250) + 1];
  return {
    name: `${kind}-${String(number)}`,
    address: `10.${String(second)}.${String(high)}.${String(low)}`,
  };
};

export const nodeIdentity = (node: string): Identity => ({
  user: `system:node:${node}`,
  groups: ['system:nodes'],
});

export interface Forged {
  readonly spec: CSRSpec;
  readonly usages?: readonly string[];
  /** Of who asks, if not the node itself. */
  readonly as?: Identity;
}

type Forge = (thief: Machine, victim: Machine) => Forged;

/** What no thief may ever get: each is its own good request with one thing changed. */
const table = {
  "another node's address": (_, victim) => ({ spec: { ip: [victim.address] } }),
  "another node's name": (_, victim) => ({ spec: { dns: [victim.name] } }),
  'an address of nobody': () => ({ spec: { ip: ['10.9.9.9'] } }),
  "the API server's address": () => ({ spec: { ip: ['192.0.2.10'] } }),
  "the API server's name": () => ({ spec: { dns: ['kubernetes.default.svc'] } }),
  'client authentication': () => ({ spec: {}, usages: ['digital signature', 'client auth'] }),
  'the wrong common name': () => ({
    spec: {},
    as: { user: 'mallory', groups: ['system:masters'] },
  }),
} satisfies Record<string, Forge>;

export type ForgeryKind = keyof typeof table;

export const forgeries: Readonly<Record<ForgeryKind, Forge>> = table;

/** The object that a machine creates, by that name. */
export function requestObject(
  name: string,
  { name: node, address }: Machine,
  { spec, usages = ['digital signature', 'server auth'] }: Forged = { spec: {} },
): object {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request: requestText({ node, ip: [address], ...spec }), signerName: servingSigner, usages },
  };
}

const servingSigner = 'kubernetes.io/kubelet-serving';

/** Keys are the same in each run, and so is each request: signing takes longer than all else here. */
const made = new Map<string, string>();

function requestText(spec: CSRSpec): string {
  const key = JSON.stringify(spec);
  let text = made.get(key);
  if (text === undefined) {
    text = Buffer.from(buildCSR(spec).pem).toString('base64');
    made.set(key, text);
  }
  return text;
}
