import { randomBytes, randomInt } from 'node:crypto';
import { stringify } from 'yaml';
import type { ControlPlane } from '../control-plane/control-plane.ts';

export interface BootstrapToken {
  readonly id: string;
  readonly token: string;
  /** As the API server names whoever has it. */
  readonly user: string;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const random = (length: number): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');

/** The group that a bootstrap token may add to system:bootstrappers. */
export const workerGroup = 'system:bootstrappers:worker';

/** As the documents of TLS bootstrapping say: a Secret in kube-system. */
export async function createBootstrapToken(cluster: ControlPlane): Promise<BootstrapToken> {
  const id = random(6);
  const secret = random(16);
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': id,
      'token-secret': secret,
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': workerGroup,
      expiration: new Date(Date.now() + 3_600_000).toISOString(),
    },
  };
  await cluster.kubectl(['create', '-f', '-'], { input: stringify(object) });
  return { id, token: `${id}.${secret}`, user: `system:bootstrap:${id}` };
}

/** A line of the API server's --token-auth-file, for machines that are given a token when they are installed. */
export function staticToken(): { readonly token: string; readonly user: string; readonly line: string } {
  const token = randomBytes(16).toString('hex');
  const user = 'kubelet-bootstrap';
  return { token, user, line: `${token},${user},10001,"system:bootstrappers"\n` };
}
