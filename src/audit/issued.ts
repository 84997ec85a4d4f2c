import type { CertificateRequest } from '../decide/request.ts';
import { nodeNameOf } from '../facts/node.ts';
import { type Certificate, fingerprintOf } from './certificate.ts';

/** A certificate that was issued to a node for a request that is still there. */
export interface Issued {
  readonly request: string;
  readonly fingerprint: string;
  /** Milliseconds. The signer dates back, by the same for all. */
  readonly notBefore: number;
  /** Since when it may be served: when its request was made. */
  readonly createdAt: number;
}

/** Of each node the newest. A kubelet has one or two an hour; whoever has its key may have hundreds. */
const perNode = 16;

/** What was issued to each node, to recognize it where it is served. Small: of a certificate only its fingerprint. */
export class IssuedCertificates {
  readonly #byNode = new Map<string, Issued[]>();

  add(request: CertificateRequest, { x509 }: Certificate): void {
    const node = nodeNameOf(request.username);
    if (node === undefined) return;
    const mine = this.#byNode.get(node) ?? [];
    this.#byNode.set(node, mine);
    mine.push({
      request: request.name,
      fingerprint: fingerprintOf(x509),
      notBefore: x509.validFromDate.getTime(),
      createdAt: request.createdAt?.getTime() ?? 0,
    });
    mine.sort((a, b) => b.notBefore - a.notBefore);
    if (mine.length > perNode) mine.length = perNode;
  }

  /** The newest first. */
  of(node: string): readonly Issued[] {
    return this.#byNode.get(node) ?? [];
  }
}
