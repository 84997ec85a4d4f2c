import { createPrivateKey } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { parse, stringify } from 'yaml';
import { recordOf } from '../../src/kube/json.ts';
import { NAMESPACE } from '../integration/install.ts';
import type { Scene } from '../integration/scene.ts';
import { eventually } from '../support/eventually.ts';
import { chaos } from './scenario.ts';

/**
 * Tokens of the service account as the kubelet mounts them, in a file that is replaced; but they live for seconds. The
 * least that the API server itself issues is ten minutes, so they are signed with its key here.
 */

const account = 'rego-csr-approver';
/** So much longer than it says does the API server accept a token. */
const leewaySeconds = 60;
/** And so long does it remember that one was good. */
const livesSeconds = 15;

let renew: () => Promise<void>;

const scenario = chaos({
  direct: true,
  kubeconfig: async (scene) => {
    const { uid } = (await scene.admin.get(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${account}`))[
      'metadata'
    ] as { uid: string };
    const tokenFile = join(scene.cluster.dir, 'mounted-token');
    renew = async () => {
      // In one step, as a mounted volume changes.
      writeFileSync(`${tokenFile}.new`, await shortLived(scene, uid));
      renameSync(`${tokenFile}.new`, tokenFile);
    };
    await renew();
    const config = recordOf(parse(readFileSync(scene.cluster.adminKubeconfig, 'utf8')));
    const path = join(scene.cluster.dir, 'token-file.kubeconfig');
    writeFileSync(path, stringify({ ...config, users: [{ name: 'test', user: { tokenFile } }] }));
    return path;
  },
});

async function shortLived(scene: Scene, uid: string): Promise<string> {
  const key = createPrivateKey(readFileSync(join(scene.cluster.dir, 'service-account.key')));
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    'kubernetes.io': { namespace: NAMESPACE, serviceaccount: { name: account, uid } },
  })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer('https://kubernetes.default.svc')
    .setAudience('https://kubernetes.default.svc')
    .setSubject(`system:serviceaccount:${NAMESPACE}:${account}`)
    .setIssuedAt(now - leewaySeconds)
    .setNotBefore(now - leewaySeconds)
    .setExpirationTime(now - leewaySeconds + livesSeconds)
    .sign(key);
}

scenario('tokens that live for seconds are renewed in time', async (stage) => {
  const until = performance.now() + 30_000;
  while (performance.now() < until) {
    // oxlint-disable no-await-in-loop -- one token after the other
    await renew();
    const next = performance.now() + 8_000;
    await eventually(() => (performance.now() > next ? true : undefined));
    await stage.progress(1);
    // oxlint-enable no-await-in-loop
  }
});

scenario('a token has expired before it is renewed', async (stage) => {
  const refused = () => stage.approver.log.split('does not accept our credentials').length;
  const before = refused();
  await eventually(() => (refused() > before + 5 ? true : undefined), { withinMs: 60_000 });
  await renew();
  await stage.progress(1);
  // The rest of the scenario takes longer than one token lives.
  await renew();
});
