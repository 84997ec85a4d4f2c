import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { csrObject, type CSRObjectSpec } from '../../support/csr-object.ts';
import { run, type Ran } from '../../support/command-line.ts';
import { cluster, jsonLines, node, nodes, scratch, yaml } from './files.ts';

const file = scratch();
const good = file('good.yaml', yaml());
const given = {
  nodes: ['--nodes', file('nodes.yaml', nodes)],
  cluster: ['--cluster', file('cluster.yaml', cluster)],
  assume: ['--assume', 'sar.selfnodeserver=allowed'],
};
const facts = [...given.nodes, ...given.cluster, ...given.assume];
const review = (spec: CSRObjectSpec, ...more: string[]) =>
  run(['review', '-f', '-', ...facts, ...more], yaml(spec));

test('approves a good request, and says loudly what was assumed', async () => {
  const { code, out, err } = await run(['review', '-f', good, ...facts]);
  expect(out).toBe('csr-7lh9z\tkubernetes.io/kubelet-serving\tsystem:node:n1\n  verdict: approve\n');
  expect(err).toBe(
    [
      'ASSUMED, not asked of any cluster: sar.selfnodeserver=allowed\n',
      'ASSUMED, not asked of any cluster: pending: these requests and no others\n',
    ].join(''),
  );
  expect(code).toBe(0);
});

/** The good request with one thing changed. */
const changed: [string, CSRObjectSpec, string, string][] = [
  ['the address of another node', { request: { ip: ['10.0.0.2'] } }, 'wait', 'SANClaimed (policy)'],
  ['an address of nobody', { request: { ip: ['10.0.0.77'] } }, 'wait', 'SANNotListed (policy)'],
  ["the API server's name", { request: { dns: ['kubernetes.default.svc'] } }, 'deny', '(floor)'],
  ["the API server's address", { request: { ip: ['192.0.2.10'] } }, 'deny', '(floor)'],
  ['another CN', { request: { node: 'n2', dns: ['n1'] } }, 'deny', '(floor)'],
  ['a user that is no node', { username: 'alice' }, 'deny', '(floor)'],
  ['another group', { groups: ['system:authenticated'] }, 'deny', '(floor)'],
  ['another usage', { usages: ['digital signature', 'client auth'] }, 'deny', '(floor)'],
  ['an email name', { request: { email: ['a@example.com'] } }, 'deny', '(floor)'],
  ['PEM garbage', { request: Buffer.from('garbage') }, 'deny', '(decoder)'],
  [
    'a node that does not exist',
    { username: 'system:node:n9', request: { node: 'n9' } },
    'wait',
    'NodeNotFound',
  ],
  ['a signer of others', { signerName: 'example.com/serving' }, 'ignore', 'NotOurs (host)'],
  ['an approval', { conditions: [{ type: 'Approved', status: 'True' }] }, 'ignore', 'Finished (host)'],
  ['a denial', { conditions: [{ type: 'Denied', status: 'True' }] }, 'ignore', 'Finished (host)'],
  ['an age of a day', { creationTimestamp: '2026-11-21T06:00:00Z' }, 'ignore', 'RequestTooOld (host)'],
];

const sections = ({ out }: Ran) => out.split(/^(?=\S)/m);

describe('a good request with one thing changed is not approved', () => {
  // All in one run: loading the policies takes longer than deciding.
  const asked = changed.map(([name, spec]) => yaml({ ...spec, name })).join('---\n');
  const told = (...args: string[]) => run(['review', '-f', '-', ...facts, ...args], asked);

  test('and each says why: exit code 1', async () => {
    const ran = await told();
    expect(ran.code).toBe(1);
    for (const [index, [name, , verdict, reason]] of changed.entries()) {
      const section = sections(ran)[index];
      expect(section).toMatch(new RegExp(`^${name.replaceAll(/\W/g, '.')}\t`));
      expect(section).toContain(`  verdict: ${verdict}\n`);
      expect(section).toContain(reason);
      expect(section?.includes('--as-new')).toBe(verdict === 'ignore');
    }
  });

  test('--as-new judges as if just created', async () => {
    const verdicts = sections(await told('--as-new')).map((section) => /verdict: (\w+)/.exec(section)?.[1]);
    const finished = /Finished|RequestTooOld/;
    expect(verdicts).toEqual(
      changed.map(([, , verdict, reason]) => (finished.test(reason) ? 'approve' : verdict)),
    );
  });
});

test('the access review may be assumed to say no', async () => {
  const args = [
    'review',
    '-f',
    good,
    ...given.nodes,
    ...given.cluster,
    '--assume',
    'sar.selfnodeserver=denied',
  ];
  const { code, out } = await run(args);
  expect([code, out.includes('verdict: wait'), out.includes('AccessNotGranted')]).toEqual([1, true, true]);
});

describe('a fact neither given nor assumed is an error that names its option: exit code 2', () => {
  test.each<[keyof typeof given, string[]]>([
    [
      'nodes',
      ['claims: not given: supply it with --nodes FILE', 'node: not given: supply it with --nodes FILE'],
    ],
    ['cluster', ['cluster: not given: supply it with --cluster FILE']],
    ['assume', ['sar.selfnodeserver: not given: supply it with --assume sar.selfnodeserver=allowed']],
  ])('--%s', async (missing, messages) => {
    const args = Object.entries(given).flatMap(([name, option]) => (name === missing ? [] : option));
    const { code, out } = await run(['review', '-f', good, ...args]);
    expect(code).toBe(2);
    expect(out).toContain('verdict: error');
    for (const message of messages) expect(out).toContain(`FactUnavailable (facts): ${message}`);
  });

  test('of many requests one is enough', async () => {
    const args = ['review', '-f', good, '-f', '-', ...given.cluster, ...given.assume];
    const { code } = await run(args, yaml({ usages: ['client auth'] }));
    expect(code).toBe(2);
  });
});

test('several requests are told in order, and the exit code is the worst', async () => {
  const stdin = `${yaml({ name: 'a' })}---\n${yaml({ name: 'b', usages: ['server auth'] })}---\n${yaml({ name: 'c' })}`;
  const { code, out } = await run(['review', '-f', '-', '-f', good, ...facts], stdin);
  expect(out.match(/^\S+|(?<=verdict: )\w+/gm)).toEqual(
    'a approve b deny c approve csr-7lh9z approve'.split(' '),
  );
  expect(code).toBe(1);
});

describe('JSON', () => {
  test('is one object a line, with the input that was evaluated', async () => {
    const { code, out, err } = await review({}, '-o', 'json');
    expect([code, err]).toEqual([0, '']);
    expect(jsonLines(out)).toMatchObject([
      {
        name: 'csr-7lh9z',
        verdict: 'approve',
        reasons: [],
        assumed: ['sar.selfnodeserver=allowed', 'pending: these requests and no others'],
        input: { node: { found: true }, claims: [{ nodes: ['n1'] }, { nodes: ['n1'] }], cluster, version: 1 },
      },
    ]);
  });

  test('has every reason with its source', async () => {
    const { out } = await review({ request: { ip: ['10.0.0.2'] } }, '-o', 'json');
    const [record] = jsonLines(out);
    expect(record).toMatchObject({ verdict: 'wait' });
    expect(JSON.stringify(record?.['reasons'])).toContain('"source":"policy"');
  });
});

describe('what strangers wrote never reaches the terminal raw', () => {
  test('nor does it command a runner that reads along', async () => {
    const { out } = await review({ name: '::error::injected', username: '##[error]injected' });
    expect(out).toContain('injected');
    expect(out).not.toMatch(/^\s*::|##\[/m);
  });

  const hostile = 'a\u001B[2J\u202Eb\u0000\r\n\u200B\u2028';
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  const raw = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E]/;
  const specs: CSRObjectSpec[] = [
    { name: hostile },
    { username: hostile },
    { signerName: hostile },
    { request: { dns: ['x\u001B[2J\u0085'] } },
    { request: { uri: ['http://x/\u001B[31m'] } },
    { usages: [hostile] },
    { groups: [hostile] },
  ];
  const asked = specs.map(yaml).join('---\n');
  test.each([['review', ...facts], ['review', ...facts, '-o', 'json'], ['decode']])(
    '%s … %s',
    async (...args) => {
      const { out, err } = await run([...args, '-f', '-'], asked);
      expect(out.length).toBeGreaterThan(100);
      expect((out + err).replaceAll('\t', '')).not.toMatch(raw);
      expect(`${out}${err}`.split('\n').filter((line) => line.startsWith('b'))).toEqual([]);
    },
  );
});

const list = (...items: object[]) => file(`nodes-${String(items.length)}.yaml`, { kind: 'List', items });
const without = (replaced: object) =>
  file(`cluster-${Object.keys(replaced).join()}.yaml`, { ...cluster, ...replaced });
test.each<[string, string[], RegExp]>([
  [
    'an assumption of nonsense',
    ['--assume', 'sar.selfnodeserver=yes'],
    /AssumptionInvalid: .*expected sar\.NAME=/,
  ],
  ['an assumption about a Node', ['--assume', 'node=found'], /AssumptionInvalid/],
  ['an assumption twice', [...given.assume, ...given.assume], /AssumptionInvalid: .*given twice/],
  ['Nodes that are requests', ['--nodes', good], /NotANode: .*good\.yaml: a Node is expected/],
  ['a Node without a name', ['--nodes', list({ kind: 'Node', metadata: {} })], /NotANode: .*metadata\.name/],
  [
    'a Node twice',
    ['--nodes', list(node('n1', '10.0.0.1'), node('n1', '10.0.0.2'))],
    /NotANode: Node n1 is given twice/,
  ],
  ['missing Nodes', ['--nodes', 'missing.yaml'], /FileUnreadable: missing\.yaml/],
  [
    'a cluster of other words',
    ['--cluster', without({ api_ips: [] })],
    /ClusterInvalid: .*api_ips.*api_addresses/,
  ],
  ['a cluster of wrong type', ['--cluster', without({ pod_cidrs: '' })], /ClusterInvalid: .*pod_cidrs: /],
  ['an output of nonsense', ['-o', 'xml'], /Allowed choices are text, json/],
  ['a missing bundle', ['--bundle', 'missing.tar.gz'], /BundleNotFound: bundle missing\.tar\.gz/],
  ['a bundle that is none', ['--bundle', good], /BundleUnreadable: /],
  ['a missing configuration', ['--config', 'missing.yaml'], /ConfigUnreadable: missing\.yaml/],
])('cannot be done: %s', async (_, args, message) => {
  const { code, out, err } = await run(['review', '-f', good, ...args]);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
  expect(err).not.toMatch(/\n\s+at /);
});

test('the configuration decides here as it does in the controller', async () => {
  const head = { apiVersion: 'rego-csr-approver/v1alpha1', kind: 'ApproverConfiguration' };
  const config = file('config.yaml', { ...head, limits: { maxNodeAddresses: 1 } });
  const { out } = await review({}, '--config', config);
  expect(out).toContain('NodeAddressesOverCap');
});

test('takes what `kubectl get csr NAME -o yaml` prints', async () => {
  const managed = {
    ...csrObject(),
    metadata: { ...csrObject().metadata, managedFields: [{ manager: 'k' }] },
  };
  const { code } = await run(['review', '-f', '-', ...facts], stringify(managed));
  expect(code).toBe(0);
});

describe('--explain', () => {
  test('says below each reason which rule gave it, what to do, and what it compared', async () => {
    const { out, code } = await review({ request: { ip: ['10.0.0.1', '127.0.0.1'] } }, '--explain');
    expect(out).toContain('    AddressReserved (floor): reserved addresses: 127.0.0.1');
    expect(out).toMatch(
      / {6}rule {3}csr\.floor\.serving\.deny \(policies\/floor\/\S+\/addresses\.rego:\d+\)\n/,
    );
    expect(out).toContain('      do     See whether the Node lists such an address');
    expect(out).toContain('      input.sans.ip = ["10.0.0.1","127.0.0.1"]\n');
    expect(code).toBe(1);
  });

  test('is an array in JSON, and not there unasked', async () => {
    const spec = { request: { ip: ['10.0.0.1', '127.0.0.1'] } };
    const [asked] = jsonLines((await review(spec, '--explain', '-o', 'json')).out);
    expect(asked?.['explain']).toMatchObject([{ code: 'AddressReserved', rule: 'csr.floor.serving.deny' }]);
    const [unasked] = jsonLines((await review(spec, '-o', 'json')).out);
    expect(unasked).not.toHaveProperty('explain');
  });
});
