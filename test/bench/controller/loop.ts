// The ceiling's loop with our own client: the three calls of an approval, and no decision.
import { CSR_PATH, createSubjectAccessReview, getNode, putApproval } from '../../../src/kube/calls.ts';
import { connect } from '../../../src/kube/connect.ts';
import { recordOf, textOf, textsOf } from '../../../src/kube/json.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { resourceSource } from '../../../src/kube/source.ts';
import { Reflector } from '../../../src/controller/reflector.ts';
import { withCondition } from '../../../src/controller/write.ts';

const [kubeconfig = '', workers = '16'] = process.argv.slice(2);
const client = connect({ kubeconfig }, { userAgent: 'loop', connections: Number(workers) });
const requests: KubeObject[] = [];
let working = 0;

async function approve(csr: KubeObject): Promise<void> {
  const spec = recordOf(csr['spec']);
  const user = textOf(spec['username']);
  const resourceAttributes = {
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    subresource: 'selfnodeserver',
    verb: 'create',
  };
  const review = { user, groups: textsOf(spec['groups']), resourceAttributes };
  const { allowed } = await createSubjectAccessReview(client, review);
  const node = await getNode(client, user.replace('system:node:', ''));
  if (!allowed || node === undefined) throw new Error(`${csr.metadata.name}: not allowed, or no Node`);
  const { managedFields: _, ...metadata } = csr.metadata;
  await putApproval(client, withCondition({ ...csr, metadata }, 'Approved', 'by a loop'));
}

function next(): void {
  while (working < Number(workers)) {
    const csr = requests.shift();
    if (csr === undefined) return;
    working += 1;
    approve(csr)
      .catch((cause: unknown) => console.error(cause))
      .finally(() => {
        working -= 1;
        next();
      });
  }
}

new Reflector<KubeObject>({
  source: resourceSource(client, CSR_PATH),
  project: (object) => (recordOf(object['status'])['conditions'] === undefined ? object : undefined),
  handler: {
    onUpsert: (csr) => {
      requests.push(csr);
      next();
    },
    onListed: () => console.log('ready'),
  },
}).start();
