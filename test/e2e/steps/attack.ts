import { writeFileSync } from 'node:fs';
import { kubeconfig } from '../../control-plane/kubeconfig.ts';
import { serviceAddress } from '../../control-plane/flags.ts';
import { readFileSync } from 'node:fs';
import { Deviation, expectThat } from '../../demo/deviation.ts';
import { seconds } from '../../demo/screen.ts';
import { isStatus } from '../../../src/kube/errors.ts';
import { buildCSR, type CSRSpec } from '../../support/csr.ts';
import { SimulatedNode, type RequestOptions } from '../../support/simulated-node.ts';
import { addAddress, ownAddresses, setAddresses } from '../addresses.ts';
import { servingSigner, type Entry } from '../journal.ts';
import { controlAddress } from '../machine.ts';
import {
  approvalMs,
  installed,
  nextCertificate,
  nextRequest,
  patienceMs,
  refused,
  type refusedInLog,
} from '../wait.ts';
import { tick, type World } from '../world.ts';

interface Attack {
  readonly what: string;
  readonly spec: CSRSpec;
  readonly options?: RequestOptions;
  /** Among the reasons that it is not approved for. */
  readonly codes: readonly string[];
}

interface Spoils {
  readonly thief: SimulatedNode;
  /** All requests of it, and those that its kubelet was led to make. */
  readonly filed: readonly Entry[];
}

const requestsOfFlood = 1000;
const mostOfFlood = 5000;
const floodWidth = 8;
/** The flood shares the machine with the API server, so this is no figure of the approver alone. */
const onTimeMs = 10_000;

/** Whoever has broken into worker-2 has the key of its kubelet, and may do what its kubelet may. */
export async function attack(world: World): Promise<Spoils> {
  const { first, second, cluster } = world;
  const ca = readFileSync(cluster.caFile, 'utf8');
  const file = '/run/tmp/thief.kubeconfig';
  const stolen = second.kubelet.clientCredential;
  expectThat(stolen !== undefined, `${second.name} has no client certificate to steal`);
  writeFileSync(file, kubeconfig(cluster.url, ca, stolen), { mode: 0o600 });
  const thief = SimulatedNode.holding(file, second.name);
  const own = second.address;
  const attacks: readonly Attack[] = [
    {
      what: `the address of ${first.name}`,
      spec: { ip: [own, first.address] },
      codes: ['SANNotListed', 'SANClaimed'],
    },
    {
      what: "the API server's name",
      spec: { dns: [second.name, 'kubernetes.default.svc'], ip: [own] },
      codes: ['NameReserved'],
    },
    {
      what: "the API server's address in the cluster",
      spec: { ip: [own, serviceAddress] },
      codes: ['APIServerAddress'],
    },
    {
      what: "the API server's own address",
      spec: { ip: [own, controlAddress] },
      codes: ['APIServerAddress'],
    },
    {
      what: 'a certificate for clients',
      spec: { ip: [own] },
      options: { usages: ['digital signature', 'client auth'] },
      codes: ['UsagesNotAllowed'],
    },
    { what: 'a wildcard', spec: { dns: ['*.example.com'], ip: [own] }, codes: ['NameMalformed'] },
    { what: 'two requests in one', spec: { ip: [own], pem: twice(second.name, first.address) }, codes: [] },
  ];
  const filed: Entry[] = [];
  for (const { what, spec, options, codes } of attacks)
    filed.push(
      await tick(world, `${second.name} asks for ${what}: not approved`, () =>
        ask(world, thief, spec, options, codes),
      ),
    );
  await tick(world, `${second.name} asks in the name of ${first.name}: the API server refuses`, () =>
    expectForbidden(thief, { node: first.name, ip: [first.address] }),
  );
  filed.push(...(await lie(world, thief)));
  filed.push(...(await flood(world, thief)));
  return { thief, filed };
}

const twice = (node: string, address: string) => (text: string) =>
  text + Buffer.from(buildCSR({ node, ip: [address] }).pem).toString('latin1');

/**
 * Files a request; waits until the approver has said why it does not approve it.
 * @param told where it says so: in an Event, unless the requestor has used those up
 */
export async function ask(
  world: World,
  thief: SimulatedNode,
  spec: CSRSpec,
  options: RequestOptions | undefined,
  codes: readonly string[],
  told: typeof refused | typeof refusedInLog = refused,
): Promise<Entry> {
  const { metadata } = await thief.request(spec, options);
  const entry = await world.stage.until(
    () => world.journal.get(metadata.uid),
    patienceMs,
    () => `${metadata.name} was filed, and no watch shows it`,
  );
  await told(world, entry, codes);
  return entry;
}

async function expectForbidden(thief: SimulatedNode, spec: CSRSpec): Promise<void> {
  const refusal = await thief.request(spec).then(
    ({ metadata }) => new Deviation(`${metadata.name} was accepted by the API server`),
    (error: unknown) => error,
  );
  if (!isStatus(refusal, 403)) throw refusal;
}

/** It writes into its own Node's status what it wants; its kubelet then asks for that of its own accord. */
async function lie(world: World, thief: SimulatedNode): Promise<Entry[]> {
  const { first, second } = world;
  const mark = performance.now();
  const filed: Entry[] = [];
  await tick(
    world,
    `${second.name} lists the address of ${first.name} and the API server's name and address as its own`,
    async () => {
      await thief.setAddresses([
        ...ownAddresses(second),
        { type: 'ExternalIP', address: first.address },
        { type: 'ExternalIP', address: serviceAddress },
        { type: 'ExternalIP', address: controlAddress },
        { type: 'InternalDNS', address: 'kubernetes.default.svc' },
      ]);
      const own = await nextRequest(world, second.user, servingSigner, mark);
      await refused(world, own, ['NameReserved']);
      filed.push(own);
    },
  );
  const wanted: readonly [string, CSRSpec, string][] = [
    [`the address of ${first.name}`, { ip: [first.address] }, 'SANClaimed'],
    ["the API server's address in the cluster", { ip: [serviceAddress] }, 'ServiceAddress'],
    ["the API server's own address", { ip: [controlAddress] }, 'SANClaimed'],
  ];
  for (const [what, spec, code] of wanted)
    filed.push(
      await tick(world, `and asks for ${what}: not approved`, () =>
        ask(world, thief, spec, undefined, [code]),
      ),
    );
  await setAddresses(world, second, ownAddresses(second));
  return filed;
}

/** A thousand requests and more, for as long as it takes another node to renew. */
async function flood(world: World, thief: SimulatedNode): Promise<Entry[]> {
  const { first, second, journal } = world;
  const mark = performance.now();
  let count = 0;
  const renewed = new AbortController();
  const one = async (): Promise<void> => {
    while (count < requestsOfFlood || (!renewed.signal.aborted && count < mostOfFlood)) {
      count++;
      await thief.request({ ip: [first.address] });
    }
  };
  const renew = async (): Promise<Entry> => {
    await addAddress(world, first);
    const entry = await nextCertificate(world, first, mark);
    renewed.abort();
    await installed(world, first, entry);
    return entry;
  };
  await tick(
    world,
    (entry: Entry) =>
      `${second.name} files ${count} requests; meanwhile ${first.name} renews, approved within ${seconds(approvalMs(entry))}`,
    async () => {
      const all = Promise.all([renew(), ...Array.from({ length: floodWidth }, one)]);
      const [entry] = await all.finally(() => renewed.abort());
      expectThat(approvalMs(entry) < onTimeMs, `${entry.name} waited for ${seconds(approvalMs(entry))}`);
      return entry;
    },
  );
  return journal.of(second.user, servingSigner, mark);
}
