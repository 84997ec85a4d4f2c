import { defaultConfig } from './cases.ts';

/** A title, a configuration, and the paths that `config_errors` must name; none for a good one. */
export type Turned = readonly [title: string, config: unknown, paths: readonly string[]];

const pool = { node_name: '^worker-[0-9]+$', names: ['{node}'], cidrs: ['10.0.0.0/16'] };
const lookup = {
  query: { version: 'v1', resource: 'machines', match: { 'status.nodeRef.name': '{node_name}' } },
  addresses: ['status', 'addresses'],
};

const knobs = (title: string, patch: object, ...paths: string[]): Turned => [
  title,
  { ...defaultConfig, ...patch },
  paths,
];
const trust = (title: string, value: unknown, ...paths: string[]): Turned =>
  knobs(`trust: ${title}`, { trust: value }, ...paths.map((path) => `.trust${path}`));
const inPool = (title: string, patch: object, ...paths: string[]): Turned =>
  knobs(
    `pool: ${title}`,
    { inventory: { p: { ...pool, ...patch } } },
    ...paths.map((path) => `.inventory.p${path}`),
  );
const inLookup = (title: string, patch: object, ...paths: string[]): Turned =>
  knobs(
    `lookup: ${title}`,
    { lookups: { m: { ...lookup, ...patch } } },
    ...paths.map((path) => `.lookups.m${path}`),
  );
const inQuery = (title: string, patch: object, ...paths: string[]): Turned =>
  inLookup(title, { query: { ...lookup.query, ...patch } }, ...paths.map((path) => `.query${path}`));

/** Expressions that are not valid, not anchored at both ends, or not of the few forms that can be seen through. */
const wrongExpressions = [
  '^worker-[0-9+$',
  '^worker-(a$',
  '^worker-[z-a]$',
  '^a{3,2}$',
  'worker-[0-9]+',
  '^worker-[0-9]+',
  'worker-[0-9]+$',
  '^a|b$',
  '^a$|^b$',
  '^(a)|(b)$',
  '^(a$)|(^b)$',
  '^worker-1\\$',
  '^(?i)worker$',
  '^(?m:a)$',
  '^\\Qa|b\\E$',
  '^worker_1$',
  '^Worker$',
  '^[[:alpha:]]$',
  '^[^x]*$',
  '^$',
  '',
  '^worker$\n',
  `^${'a'.repeat(300)}$`,
];

/** Expressions that match what nobody meant. */
const wideExpressions = [
  '^.*$',
  '^.+$',
  '^[a-z0-9.-]*$',
  '^[a-z0-9-]+$',
  '^(.*)$',
  '^(worker|.*)$',
  '^((a|b)|.*)$',
  '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  '^.*\\..*$',
  '^[a-z0-9-]+(\\.[a-z0-9-]+)+$',
];

const goodExpressions = [
  '^n1$',
  '^n1\\.example\\.com$',
  '^(a|b)-[0-9]{1,3}$',
  '^ip-(\\d{1,3}-){3}\\d{1,3}\\.(eu|us)\\.compute\\.internal$',
  '^(?:worker|(?:gpu|arm)-[a-z]+)-.*$',
];

const wrongNames = [
  '*',
  '*.*',
  '-*',
  '',
  '.',
  'a..b',
  '.a',
  'a.',
  'N1',
  '{name}',
  '{node',
  'a b',
  'a/b',
  '{Node}',
];
const wrongRanges = [
  '0.0.0.0/0',
  '::/0',
  '10.0.0.1',
  '10.0.0.0/33',
  '10.0.0/8',
  '10.0.0.0/8/8',
  '10.0.0.5/8',
  'fd00::1/64',
  'a',
  '',
  '::ffff:10.0.0.0/104',
];
const wrongLabelKeys = [
  'pool',
  'kubernetes.io/hostname',
  'node.kubernetes.io/pool',
  'node-restriction.kubernetes.io',
  'node-restriction.kubernetes.io/',
  'x.node-role.kubernetes.io/worker',
  'node-role.kubernetes.io/a/b',
];

export const wrongTrust: readonly Turned[] = [
  trust('empty', [], ''),
  trust('an object', {}, ''),
  trust('one source', 'node-status', ''),
  trust('a list of sources', ['node-status'], '[0]'),
  trust('an empty combination', [['node-status'], []], '[1]'),
  trust('an unknown source', [['node-status', 'hearsay']], '[0][1]'),
  trust('another case', [['Node-Status']], '[0][0]'),
  trust('no text', [[7, null]], '[0][0]', '[0][1]'),
  trust('a lookup that there is not', [['lookup:machine']], '[0][0]'),
  trust('a lookup without name', [['lookup:']], '[0][0]'),
  trust('an empty inventory', [['inventory']], '[0][0]'),

  knobs('inventory: a list', { inventory: [pool] }, '.inventory'),
  knobs('inventory: null', { inventory: null, trust: [['inventory']] }, '.inventory', '.trust[0][0]'),
  knobs('inventory: a pool that is none', { inventory: { p: 'n1' } }, '.inventory.p'),
  knobs('inventory: a pool without name', { inventory: { '': pool } }, '.inventory.'),
  knobs('inventory: a name with blanks', { inventory: { 'a b': pool } }, '.inventory.a b'),
  knobs('inventory: a good one', { inventory: { p: pool }, trust: [['inventory']] }),
  knobs(
    'inventory: 65 expressions',
    {
      inventory: Object.fromEntries(
        [...Array(65).keys()].map((n) => [`p${String(n)}`, { ...pool, node_name: `^w${String(n)}-.*$` }]),
      ),
    },
    '.inventory',
  ),
  knobs('inventory: 64 expressions, and 300 names', {
    inventory: Object.fromEntries(
      [...Array(364).keys()].map((n) => [
        `p${String(n)}`,
        { ...pool, node_name: n < 64 ? `^w${String(n)}-.*$` : `^n${String(n)}$` },
      ]),
    ),
  }),
  inPool('an unknown field', { name: ['n1'] }, '.name'),
  knobs('pool: whose?', { inventory: { p: { names: ['{node}'] } } }, '.inventory.p'),
  inPool('expression for nearly all', { node_name: '^[a-z].*$' }, '.node_name'),
  knobs('pool: of what?', { inventory: { p: { node_name: '^n1$' } } }, '.inventory.p'),
  ...wrongExpressions.map((value) => inPool(`expression ${value}`, { node_name: value }, '.node_name')),
  ...[null, 7, ['^a$']].map((value) =>
    inPool(`expression ${String(value)}`, { node_name: value }, '.node_name'),
  ),
  ...wideExpressions.map((value) =>
    inPool(`expression for all ${value}`, { node_name: value }, '.node_name'),
  ),
  ...goodExpressions.map((value) => inPool(`good expression ${value}`, { node_name: value })),
  inPool('labels: none', { labels: {} }, '.labels'),
  inPool('labels: a list', { labels: ['node-role.kubernetes.io/worker'] }, '.labels'),
  ...wrongLabelKeys.map((key) => inPool(`label ${key}`, { labels: { [key]: 'x' } }, `.labels.${key}`)),
  inPool(
    'a label of no text',
    { labels: { 'node-role.kubernetes.io/a': true } },
    '.labels.node-role.kubernetes.io/a',
  ),
  inPool(
    'a label with blanks',
    { labels: { 'node-role.kubernetes.io/a': 'a b' } },
    '.labels.node-role.kubernetes.io/a',
  ),
  inPool('good labels', {
    labels: { 'node-role.kubernetes.io/a': '', 'node-restriction.kubernetes.io/Pool': 'Gpu_1.x' },
  }),
  inPool('names: one', { names: '{node}' }, '.names'),
  ...[...wrongNames, null, 7].map((value) =>
    inPool(`name ${String(value)}`, { names: ['n1', value] }, '.names[1]'),
  ),
  inPool('good names', {
    names: ['{node}', '{host}.*.internal', 'ip-*.eu', '*.example.com', '{node}-ext.example.com'],
  }),
  inPool('cidrs: one', { cidrs: '10.0.0.0/8' }, '.cidrs'),
  ...[...wrongRanges, null, 7].map((value) =>
    inPool(`range ${String(value)}`, { cidrs: ['fd00::/64', value] }, '.cidrs[1]'),
  ),

  knobs('lookups: a list', { lookups: [lookup] }, '.lookups'),
  knobs('lookups: null', { lookups: null, trust: [['lookup:m']] }, '.lookups', '.trust[0][0]'),
  knobs('lookups: one that is none', { lookups: { m: 'machines' } }, '.lookups.m'),
  knobs('lookups: a name with a hyphen', { lookups: { 'my-machine': lookup } }, '.lookups.my-machine'),
  knobs('lookups: a good one', { lookups: { m: lookup }, trust: [['node-status', 'lookup:m']] }),
  inLookup('an unknown field', { path: [] }, '.path'),
  knobs('lookup: nothing in it', { lookups: { m: {} } }, '.lookups.m.query', '.lookups.m.addresses'),
  ...['status.addresses', [], [''], [7], {}, null].map((value) =>
    inLookup(`addresses ${JSON.stringify(value)}`, { addresses: value }, '.addresses'),
  ),
  inLookup('node: a text', { node: 'status.nodeRef.name' }, '.node'),
  inLookup('a good node', { node: ['status', 'nodeRef', 'name'] }),
  inLookup('query: a text', { query: 'machines' }, '.query'),
  inQuery('an unknown field of the query', { kind: 'Machine' }, '.kind'),
  inLookup(
    'no version, no resource',
    { query: { name: '{node_name}' } },
    '.query.version',
    '.query.resource',
  ),
  inQuery('an empty version', { version: '' }, '.version'),
  inQuery('a version that is a number', { version: 1 }, '.version'),
  inQuery('a group of null', { group: null }, '.group'),
  inQuery('a namespace list', { namespace: ['a'] }, '.namespace'),
  inQuery('labels in a text', { labels: 'a=b' }, '.labels'),
  inQuery('a label of no text', { labels: { a: 1 } }, '.labels'),
  inQuery('name and match', { name: '{node_name}' }, ''),
  inQuery('neither name nor labels nor match', { match: {} }, '', '.'),
  inQuery('no template', { match: { 'metadata.name': 'n1' } }, '.'),
  inQuery('a template that is not of the node', { match: { 'metadata.name': '{signer_name}' } }, '.'),
  inQuery('a name by template', { match: {}, name: 'inventory-{node_name}', namespace: 'kube-system' }),
  inQuery('labels by template', { match: {}, labels: { node: '{requestor.username}' } }),
  inLookup('the Node in the path', {
    query: { version: 'v1', resource: 'configmaps', name: 'nodes', namespace: 'a' },
    addresses: ['data', '{node_name}'],
  }),
].map(([title, config, paths]): Turned => [
  title,
  config,
  // A path that ends in a dot stands for the lookup itself.
  paths.map((path) => path.replace(/\.query\.$/, '')),
]);

const numbers = ['max_age_seconds', 'max_pending_requestor', 'max_pending_cluster', 'max_expiration_seconds'];
const most: Readonly<Record<string, number>> = {
  max_age_seconds: 86_400,
  max_pending_requestor: 255,
  max_pending_cluster: 1_000_000,
  max_expiration_seconds: 2 ** 31 - 1,
};

/** Every knob with values that it cannot have. */
export const wrongValues: readonly Turned[] = Object.keys(defaultConfig).flatMap((knob) => {
  const right = defaultConfig[knob];
  const more = numbers.includes(knob) ? [-1, 1.5, (most[knob] ?? 0) + 1] : [1];
  const values = [null, 'x', true, '', {}, [[]], { x: null }, ['\u0000'], ...more].filter(
    (value) =>
      !(typeof value === 'boolean' && typeof right === 'boolean') &&
      JSON.stringify(value) !== JSON.stringify(right),
  );
  return values.map((value): Turned => [
    `${knob}: ${JSON.stringify(value)}`,
    { ...defaultConfig, [knob]: value },
    [],
  ]);
});
