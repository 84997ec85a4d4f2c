import { X509Certificate } from 'node:crypto';
import { expectThat } from '../../demo/deviation.ts';
import { certificateOf } from '../../demo/requests.ts';
import { clientSigner, servingSigner, type Entry } from '../journal.ts';
import { expectVerified } from '../tls.ts';
import { clientReason, installed, nextCertificate } from '../wait.ts';
import { tick, type Node, type World } from '../world.ts';

/** Until here certificates were of minutes, so that kubelets renew them by themselves; from here on of this. */
export const laterDuration = '--cluster-signing-duration=1h';
/** All of a first certificate's 3 minutes, and a minute of patience. */
const renewalMs = 240_000;

/** Nobody tells the kubelets: each renews when most of its certificate's time has gone. */
export async function rotate(world: World): Promise<void> {
  const { cluster, control, first, second } = world;
  await tick(world, 'the signer goes on with certificates of an hour', async () => {
    await cluster.controllerManager?.restart([laterDuration]);
  });
  const mark = performance.now();
  await Promise.all(
    [control, first, second].flatMap((node) => [
      tick(world, `${node.name} has renewed its serving certificate, and serves the new one`, () =>
        serving(world, node, mark),
      ),
      tick(world, `${node.name} has renewed its client certificate`, () => client(world, node, mark)),
    ]),
  );
}

async function serving(world: World, node: Node, mark: number): Promise<void> {
  const before = world.journal.of(node.user, servingSigner).filter(({ issuedAt }) => issuedAt !== undefined);
  const entry = await nextCertificate(world, node, mark, renewalMs);
  await installed(world, node, entry);
  const { serial } = await expectVerified(world, node, [node.name, node.address]);
  expectThat(serial === serialOf(entry), `${node.name} serves ${serial} instead of ${serialOf(entry)}`);
  expectThat(
    before.length > 0 && before.every((older) => serialOf(older) !== serial),
    `${node.name} serves an old certificate, ${serial}`,
  );
}

async function client({ stage, journal, options }: World, node: Node, mark: number): Promise<void> {
  const { name, approvalReason } = await stage.until(
    () => {
      const issued = journal
        .of(node.user, clientSigner, mark)
        .findLast(({ issuedAt }) => issuedAt !== undefined);
      if (issued === undefined) return undefined;
      const certificate = node.kubelet.clientCredential?.certificate;
      return certificate?.trim() === certificateOf(issued.object).trim() ? issued : undefined;
    },
    renewalMs,
    () => `${node.name} has not renewed its client certificate`,
  );
  expectThat(
    approvalReason === clientReason(options),
    `${name} was approved with ${approvalReason} instead of ${clientReason(options)}`,
  );
}

const serialOf = ({ object }: Entry): string => new X509Certificate(certificateOf(object)).serialNumber;
