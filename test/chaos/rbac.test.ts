import { asObject } from '../../src/kube/objects.ts';
import { apply, manifests } from '../integration/install.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { chaos } from './scenario.ts';
import type { Stage } from './stage.ts';

/** What an administrator can take away by mistake, and give back: nothing is restarted for it. */

const scenario = chaos();

/** A refused write is tried again after a minute. */
const afterRefusalMs = 120_000;

const rolePath = '/apis/rbac.authorization.k8s.io/v1/clusterroles/rego-csr-approver';

async function complaint(stage: Stage, pattern: RegExp): Promise<void> {
  await eventually(
    async () => {
      const { status, body } = await stage.approver.get('/readyz');
      if (status === 200 || !pattern.test(body)) throw new NotYet(body);
      return true;
    },
    { withinMs: 30_000 },
  );
}

scenario('its role is taken away and given back', async (stage) => {
  const { scene } = stage;
  await scene.cluster.kubectl(['delete', 'clusterrolebinding', 'rego-csr-approver']);
  stage.proxy.cutWatches();
  await eventually(() =>
    stage.approver.log.includes('forbids it') && stage.approver.log.includes('cannot list')
      ? true
      : undefined,
  );
  await apply(scene, await manifests(scene));
  await stage.progress(stage.traffic.size, afterRefusalMs);
});

scenario('its right to approve is taken away and given back', async (stage) => {
  const { admin } = stage.scene;
  const role = asObject(await admin.get(rolePath));
  const rules = role['rules'] as { resources: string[] }[];
  const withRules = async (changed: object) => {
    const { metadata } = asObject(await admin.get(rolePath));
    await admin.put(rolePath, { ...role, metadata, rules: changed });
  };
  await withRules(rules.filter(({ resources }) => !resources.includes('signers')));
  await complaint(stage, /\[-\] approvals: .*forbids it/);
  await withRules(rules);
  await stage.progress(stage.traffic.size, afterRefusalMs);
});

scenario('nodes may not ask for a while', async (stage) => {
  const { scene } = stage;
  await scene.cluster.kubectl(['delete', 'clusterrolebinding', 'node-server-auto-renew-crt']);
  const said = () => stage.approver.log.split('AccessNotGranted').length;
  const before = said();
  await eventually(() => (said() > before ? true : undefined), { withinMs: 30_000 });
  await apply(scene, await manifests(scene));
  await stage.progress(stage.traffic.size, afterRefusalMs);
});
