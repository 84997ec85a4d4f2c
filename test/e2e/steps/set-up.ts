import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../../src/kube/connect.ts';
import { startControlPlane, type ControlPlane } from '../../control-plane/control-plane.ts';
import { settingsOf } from '../../control-plane/options.ts';
import { expectThat } from '../../demo/deviation.ts';
import type { Stage } from '../../demo/stage.ts';
import { createBootstrapToken, staticToken } from '../bootstrap.ts';
import { buildApp, imageArchive } from '../image.ts';
import { Journal } from '../journal.ts';
import { controlAddress } from '../machine.ts';
import { setUpNode } from '../nodes.ts';
import type { Options } from '../options.ts';
import { tick, type World } from '../world.ts';

const overlays = join(import.meta.dirname, '..', 'overlays');
const tokenFile = '/run/tmp/static-tokens.csv';

/**
 * The signer backdates by 5 minutes and a kubelet renews after 70 to 90 % of the whole: 36 to 132 s after it has this
 * certificate. (The lower bound of 10 minutes is one for what requests ask for, not for this flag.)
 */
const firstDuration = '3m';

export async function setUp(stage: Stage, options: Options): Promise<World> {
  const initial = staticToken();
  const cluster = await tick({ stage }, 'etcd, kube-apiserver and kube-controller-manager run', async () => {
    writeFileSync(tokenFile, initial.line, { mode: 0o600 });
    const { controllers } = settingsOf({});
    const approving = 'certificatesigningrequest-approving-controller';
    return startControlPlane({
      ...(options.kubernetes === undefined ? {} : { kubernetes: options.kubernetes }),
      bindAddress: '0.0.0.0',
      advertiseAddress: controlAddress,
      clusterSigningDuration: firstDuration,
      controllers: controllers.filter((name) => name !== approving || options.clientApprover !== 'rego'),
      flags: { apiserver: [`--token-auth-file=${tokenFile}`] },
      readyTimeoutMs: 180_000,
    });
  });
  stage.record(() => `kube-apiserver, the end of its log:\n${cluster.apiserver.logTail(5)}`);
  const admin = connect({ kubeconfig: cluster.adminKubeconfig }, { userAgent: 'e2e', connections: 8 });
  const journal = new Journal(admin, stage.signal);

  await tick({ stage }, 'the base and the component bootstrap-rbac are applied', () =>
    apply(cluster, join(overlays, options.clientApprover)),
  );
  const token = await createBootstrapToken(cluster);

  const image = await tick({ stage }, 'the image of the pods is made; nothing is pulled', async () =>
    imageArchive(await buildApp('/run/tmp')),
  );
  const worker = (name: string, address: string) =>
    setUpNode(stage, cluster, options, image, {
      name,
      address,
      bootstrap: { token: token.token },
      bootstrapUser: token.user,
      cloud: true,
    });
  const [control, first, second] = await tick(
    { stage },
    'three machines run, each with its address and its containerd',
    () =>
      Promise.all([
        setUpNode(stage, cluster, options, image, {
          name: 'control-1',
          address: controlAddress,
          bootstrap: { token: initial.token },
          bootstrapUser: initial.user,
          cloud: false,
        }),
        worker('worker-1', '10.88.0.11'),
        worker('worker-2', '10.88.0.12'),
      ]),
  );
  return { stage, options, cluster, admin, journal, control, first, second };
}

async function apply(cluster: ControlPlane, overlay: string): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '--validate=strict', '-k', overlay]);
  const role = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeserver';
  const bindings = ['get', 'clusterrolebindings', '-o'];
  const path = `jsonpath={range .items[?(@.roleRef.name=="${role}")]}{.metadata.name}{end}`;
  const bound = await cluster.kubectl([...bindings, path]);
  expectThat(
    bound === 'node-server-auto-renew-crt',
    `selfnodeserver should be bound by node-server-auto-renew-crt of the base alone; it is by: ${bound}`,
  );
}
