import { connect } from '../../src/kube/connect.ts';
import { ensureTool } from '../tools/ensure.ts';
import { stderrProgress } from '../tools/progress.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { attackersTry, expectUntouched, type Refused } from './attackers.ts';
import { Deviation, expectThat } from './deviation.ts';
import { honestNodesJoin } from './honest.ts';
import { applyManifests, startApprover, stopApprover } from './install.ts';
import { offSwitch } from './off-switch.ts';
import { conditionsOf, conditionText, Requests } from './requests.ts';
import type { Filed, Scene } from './scene.ts';
import type { Stage } from './stage.ts';

/** From an empty machine to everything shown; whatever is not as told is thrown as a Deviation. */
export async function tell(stage: Stage): Promise<void> {
  const { screen } = stage;
  screen.step('A control plane');
  const cluster = await controlPlane(stage);
  const admin = connect(
    { kubeconfig: cluster.adminKubeconfig },
    { userAgent: 'rego-csr-approver-demo', connections: 4 },
  );
  stage.defer(() => admin.close());
  const watching = new AbortController();
  stage.defer(async () => watching.abort());
  const scene: Scene = { stage, cluster, admin, requests: new Requests(admin, watching.signal) };

  screen.step('The approver, as a user installs it');
  const approver = await install(scene);

  screen.step('Three nodes join and ask for their certificates');
  screen.say(
    'Each is a user system:node:NAME with a client certificate, and asks as a kubelet does. Times run from before a request is sent.',
  );
  const honest = await honestNodesJoin(scene);

  screen.step('Three attackers ask for what is not theirs');
  screen.say('Nodes that have been broken into: their credentials and Node objects are as good as any.');
  const refused = await attackersTry(scene);

  screen.step('What the cluster says now');
  showTable(scene, honest.filed, refused);

  screen.step('The off switch');
  const [first] = honest.nodes;
  if (first === undefined) throw new TypeError('a node is needed');
  await offSwitch(scene, first);

  for (const filed of refused) expectUntouched(scene, filed);
  screen.done('all three attackers are pending to this moment, their requests untouched');
  const how = await screen.during('the approver ends', () => stopApprover(approver));
  expectThat(how === 'exit code 0', `the approver did not end in order on SIGTERM: ${how}`);
}

async function controlPlane(stage: Stage): Promise<ControlPlane> {
  const { screen, signal } = stage;
  let building = false;
  for (const tool of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']) {
    await ensureTool(tool, {
      signal,
      progress: (line) => {
        if (!building) screen.say('The first time, the real programs are built from source, and kept.');
        building = true;
        stderrProgress(`   ${line}`);
      },
    });
  }
  const started = performance.now();
  const cluster = await screen.during('etcd, kube-apiserver and kube-controller-manager start', async () => {
    const running = await startControlPlane();
    stage.defer(() => running.stop());
    return running;
  });
  signal.throwIfAborted();
  const version = (await cluster.kubectl(['version', '-o', 'yaml'])).match(
    /serverVersion:[^]*gitVersion: (\S+)/,
  );
  screen.done(
    `etcd, kube-apiserver and kube-controller-manager ${version?.[1] ?? ''} run on this machine`,
    performance.now() - started,
  );
  return cluster;
}

async function install(scene: Scene): Promise<Awaited<ReturnType<typeof startApprover>>> {
  const { stage, cluster } = scene;
  const { screen } = stage;
  screen.command('kubectl kustomize deploy/kustomize/base | kubectl apply --server-side -f -');
  let started = performance.now();
  const count = await screen.during('applying', () => applyManifests(cluster));
  stage.signal.throwIfAborted();
  screen.done(
    `${count} objects: namespace, service account, its few rights, configuration, Deployment, and the right that lets nodes ask`,
    performance.now() - started,
  );
  screen.say(
    'No machine here could run the pod of the Deployment. The same program runs as a process instead, with a token of that service account and no other right.',
  );
  screen.command('dist/rego-csr-approver run --kubeconfig FILE --config FILE');
  started = performance.now();
  const approver = await screen.during('the approver starts', () => startApprover(stage, cluster));
  screen.done('ready: policies loaded, requests and Nodes listed', performance.now() - started);
  return approver;
}

const verdictStyles = { approve: 'green', wait: 'yellow', deny: 'red' } as const;

/** Like `kubectl get csr`, from what the API server has now, with what the approver makes of it. */
function showTable(scene: Scene, approved: readonly Filed[], refused: readonly Refused[]): void {
  const rowOf = (
    filed: Filed,
    verdict: string,
    codes: (conditions: ReturnType<typeof conditionsOf>) => string,
  ) => {
    const { name } = filed.csr.metadata;
    const observed = scene.requests.get(name);
    if (observed === undefined) throw new Deviation(`${name} is gone`);
    const { object } = observed;
    return [
      name,
      `system:node:${filed.node}`,
      filed.sans.join(', '),
      conditionText(object),
      verdict,
      codes(conditionsOf(object)),
    ];
  };
  const rows = [
    ...approved.map((filed) => rowOf(filed, 'approve', ([condition]) => condition?.reason ?? '')),
    ...refused.map((filed) => rowOf(filed, filed.verdict.kind, () => filed.verdict.codes.join(', '))),
  ];
  for (const [, requestor, , condition, verdict] of rows) {
    const wanted = verdict === 'approve' ? 'Approved,Issued' : 'Pending';
    expectThat(condition === wanted, `${requestor} is ${condition} instead of ${wanted}`);
  }
  scene.stage.screen.table(
    [['NAME', 'REQUESTOR', 'SANS', 'CONDITION', 'VERDICT', 'REASON'], ...rows],
    (column, [, , , , verdict]) => {
      const style = Object.entries(verdictStyles).find(([kind]) => kind === verdict);
      return column === 4 && style !== undefined ? style[1] : 'reset';
    },
  );
  scene.stage.screen.say(
    '`kubectl describe csr NAME` shows the reasons in full. A `deny` is left pending too, for people to decide, unless the configuration says `onDeny: deny`.',
  );
}
