import { expectThat } from '../../demo/deviation.ts';
import { seconds } from '../../demo/screen.ts';
import { expectAudited } from '../audit.ts';
import { expectChecked } from '../check.ts';
import { expectSelfSigned, expectVerified } from '../tls.ts';
import { approvalMs, installed, nextCertificate, patienceMs } from '../wait.ts';
import { tick, type World } from '../world.ts';
import { brokenPods } from './broken-pods.ts';
import { healthz } from './reach.ts';
import { clientCertificate, registered } from './join.ts';

/** What is promised: the time from request to approval. */
const promisedMs = 1000;

/** The rule of the CIS benchmark, "verify the kubelet's certificate": it needs certificates that can be verified. */
export async function selfSigned(world: World): Promise<void> {
  const { stage, first, second } = world;
  await tick(world, `${second.name} joins with serverTLSBootstrap: false`, async () => {
    await second.kubelet.start({ asks: false });
    await clientCertificate(world, second);
    await registered(world, second);
  });
  await tick(world, 'the API server, which verifies, does not talk to it', async () => {
    let said = '';
    await stage.until(
      async () => {
        said = await healthz(world, second).then((answer) => `it answers ${answer}`, String);
        return said.includes('tls: failed to verify certificate: x509: ') || undefined;
      },
      patienceMs,
      () => `the API server should not accept the certificate of ${second.name}; said was: ${said}`,
    );
    await expectSelfSigned(world, second);
  });
  await tick(world, "the guide's check tells the two apart", () =>
    expectChecked(world, [
      { node: first, ok: true },
      { node: second, ok: false },
    ]),
  );
  await tick(
    world,
    'so does an audit, which knows the request of the one and that the other signs itself',
    () =>
      expectAudited(world, [
        { node: first, codes: [] },
        { node: second, codes: ['ServingCertificateSelfSigned'] },
      ]),
  );
  await tick(world, 'what the guide reads there without the kubelet, its kubelet has written', () =>
    brokenPods(world, second),
  );
  const request = await tick(
    world,
    (entry) => `told serverTLSBootstrap: true, it asks, and is approved within ${seconds(approvalMs(entry))}`,
    async () => {
      const mark = performance.now();
      await second.kubelet.stop();
      await second.kubelet.start();
      const entry = await nextCertificate(world, second, mark);
      expectThat(
        approvalMs(entry) < promisedMs,
        `${entry.name} was approved only after ${seconds(approvalMs(entry))}`,
      );
      return entry;
    },
  );
  await installed(world, second, request);
  await tick(world, 'the same call works', async () => {
    await expectVerified(world, second, [second.name, second.address]);
    await healthz(world, second);
    await expectChecked(world, [{ node: second, ok: true }]);
  });
}
