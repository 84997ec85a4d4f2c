import { recordOf } from '../../src/kube/json.ts';
import { Deviation, expectThat } from './deviation.ts';
import { honestNodes } from './honest.ts';
import { conditionText } from './requests.ts';
import { addressesOf, fileRequest, join, type Filed, type Scene } from './scene.ts';
import { verdictsOn, type Verdict } from './verdicts.ts';

interface Attack {
  readonly node: string;
  readonly address: string;
  readonly story: string;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  /** What it writes into its own Node's status beforehand, beside its own address. */
  readonly lie?: string;
  readonly expected: { readonly kind: Verdict['kind']; readonly codes: readonly string[] };
  /** What a person must be told. */
  readonly told: readonly string[];
}

const [node1] = honestNodes['node-1'];
const [node3] = honestNodes['node-3'];

const attacks: readonly Attack[] = [
  {
    node: 'rogue-1',
    address: '10.0.0.21',
    story: `asks for ${node1}, the address of node-1`,
    dns: ['rogue-1'],
    ip: [node1],
    expected: { kind: 'wait', codes: ['SANClaimed', 'SANNotListed'] },
    told: [node1, 'node-1'],
  },
  {
    node: 'rogue-2',
    address: '10.0.0.22',
    story: 'asks for kubernetes.default.svc, the name of the API server',
    dns: ['kubernetes.default.svc'],
    ip: ['10.0.0.22'],
    expected: { kind: 'deny', codes: ['NameReserved'] },
    told: ['kubernetes.default.svc'],
  },
  {
    node: 'rogue-3',
    address: '10.0.0.23',
    story: `wrote ${node3}, the address of node-3, into the status of its own Node, as a node can, and asks for it`,
    dns: ['rogue-3'],
    ip: ['10.0.0.23', node3],
    lie: node3,
    expected: { kind: 'wait', codes: ['SANClaimed'] },
    told: [node3, 'node-3'],
  },
];

export interface Refused extends Filed {
  readonly verdict: Verdict;
}

export async function attackersTry(scene: Scene): Promise<Refused[]> {
  const refused: Refused[] = [];
  for (const attack of attacks) refused.push(await attempt(scene, attack));
  await expectDescribed(scene, refused);
  return refused;
}

async function attempt(scene: Scene, attack: Attack): Promise<Refused> {
  const { screen } = scene.stage;
  const filed = await screen.during(`${attack.node} attacks`, () => attackOf(scene, attack));
  const verdict = await screen.during(`the approver looks at ${attack.node}'s request`, () =>
    verdictOn(scene, filed, attack.expected),
  );
  for (const word of attack.told)
    expectThat(
      verdict.note.includes(word),
      `the reason for ${attack.node} does not tell ${word}: ${verdict.note}`,
    );
  expectUntouched(scene, filed);
  screen.pending(`${attack.node} ${attack.story}`, performance.now() - filed.sentAt);
  screen.say(`pending with ${verdict.note}`, 'yellow', 5);
  return { ...filed, verdict };
}

async function attackOf(scene: Scene, attack: Attack): Promise<Filed> {
  const node = await join(scene, attack.node, [attack.address]);
  if (attack.lie !== undefined)
    await node.setAddresses(addressesOf(attack.node, [attack.address, attack.lie]));
  return fileRequest(node, attack.dns, attack.ip);
}

/** Waits until the approver says this of the request; a first look may find its own caches not there yet. */
export async function verdictOn(
  scene: Scene,
  filed: Filed,
  expected: { readonly kind: Verdict['kind']; readonly codes: readonly string[] },
): Promise<Verdict> {
  const { name, uid } = filed.csr.metadata;
  const wanted = expected.codes.join(', ');
  let seen: readonly Verdict[] = [];
  return scene.stage.until(
    async () => {
      if (scene.requests.get(name)?.approvedAt !== undefined)
        throw new Deviation(
          `${name} of ${filed.node} was approved; it should be left pending with ${wanted}`,
        );
      seen = await verdictsOn(scene.admin, uid);
      const last = seen.at(-1);
      return last?.kind === expected.kind && last.codes.join(', ') === wanted ? last : undefined;
    },
    10_000,
    () => {
      const said = seen.map(({ kind, note }) => `${kind}: ${note}`).join(' | ');
      return `${name} of ${filed.node} should have the verdict ${expected.kind} with ${wanted}; said was: ${said || 'nothing'}`;
    },
  );
}

/** An undecided request is as it was created: no condition, no annotation, not even a new version. */
export function expectUntouched(scene: Scene, filed: Filed): void {
  const { name, resourceVersion } = filed.csr.metadata;
  const now = scene.requests.get(name)?.object;
  expectThat(
    now?.metadata.resourceVersion === resourceVersion && Object.keys(recordOf(now['status'])).length === 0,
    `${name} of ${filed.node} should be pending and untouched; it is ${now === undefined ? 'gone' : conditionText(now)}`,
  );
}

async function expectDescribed(scene: Scene, refused: readonly Refused[]): Promise<void> {
  const names = refused.map(({ csr }) => csr.metadata.name);
  const described = await scene.stage.screen.during('kubectl describe', () =>
    scene.cluster.kubectl(['describe', 'csr', ...names, '--show-events']),
  );
  for (const { node, verdict } of refused)
    expectThat(
      described.includes(verdict.note),
      `kubectl describe csr does not show why ${node} has to wait`,
    );
}
