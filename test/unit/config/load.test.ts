import { Resolver } from 'node:dns';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '../../../src/config/load.ts';
import { defaultConfig } from '../../../src/config/schema.ts';

const head = 'apiVersion: rego-csr-approver/v1alpha1\nkind: ApproverConfiguration\n';
const parse = (rest: string) => parseConfig(`${head}${rest}`, 'c.yaml');

function refusal(text: string): ConfigError {
  try {
    parseConfig(text, 'c.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('accepted');
}

test('without a file there are the defaults, which are the safe ones', () => {
  expect(loadConfig(undefined)).toBe(defaultConfig);
  expect(parse('')).toEqual(defaultConfig);
  expect(defaultConfig).toMatchObject({
    signers: ['kubernetes.io/kubelet-serving'],
    enforcement: 'enforce',
    onDeny: 'leavePending',
  });
});

test('what is said replaces the default, and nothing beside it', () => {
  expect(parse('limits: {maxSANs: 10}\nonDeny: deny\n')).toEqual({
    ...defaultConfig,
    onDeny: 'deny',
    limits: { ...defaultConfig.limits, maxSANs: 10 },
  });
});

test('a candidate policy has the fields of a policy, with their defaults', () => {
  expect(defaultConfig.policy.shadow).toBeUndefined();
  const { cacheDirectory: _, shadow: __, ...fields } = defaultConfig.policy;
  expect(parse('policy: {shadow: {}}').policy.shadow).toEqual(fields);
  const { policy } = parse('policy: {bundle: a.tar.gz, shadow: {bundle: b.tar.gz, data: [c.yaml]}}');
  expect(policy).toEqual({
    ...fields,
    bundle: 'a.tar.gz',
    shadow: { ...fields, bundle: 'b.tar.gz', data: ['c.yaml'] },
  });
});

const nine = (text: string) => `[${Array.from({ length: 9 }, () => text).join(', ')}]`;

/** A good file with one thing changed; the line of what was changed is 3 unless said. */
const invalid: [string, string, string][] = [
  ['an unknown field', 'onDenny: deny', 'c.yaml:3: onDenny: unknown field'],
  ['an unknown field inside', 'limits:\n  maxSans: 10', 'c.yaml:4: limits.maxSans: unknown field'],
  ['a field in the wrong case', 'OnDeny: deny', 'c.yaml:3: OnDeny: unknown field'],
  ['a text for a number', 'limits:\n  maxSANs: many', 'c.yaml:4: limits.maxSANs: Invalid input'],
  [
    'a candidate that keeps its bundle',
    'policy: {shadow: {cacheDirectory: /x}}',
    'c.yaml:3: policy.shadow.cacheDirectory: unknown field',
  ],
  [
    'a candidate of a candidate',
    'policy: {shadow: {shadow: {}}}',
    'c.yaml:3: policy.shadow.shadow: unknown field',
  ],
  ['a quoted number', 'server: {port: "8080"}', 'c.yaml:3: server.port: Invalid input'],
  ['a fraction', 'limits: {concurrency: 1.5}', 'c.yaml:3: limits.concurrency: Invalid input'],
  ['no thread', 'limits: {workers: 0}', 'c.yaml:3: limits.workers: Too small'],
  ['a thread too many', 'limits: {workers: 5}', 'c.yaml:3: limits.workers: Too big'],
  [
    'too little memory',
    'limits: {evaluationMemoryMiB: 3}',
    'c.yaml:3: limits.evaluationMemoryMiB: Too small',
  ],
  ['too large', 'server: {port: 65536}', 'c.yaml:3: server.port: Too big'],
  ['too small', 'limits: {maxSANs: 0}', 'c.yaml:3: limits.maxSANs: Too small'],
  ['not a number', 'limits: {maxSANs: .nan}', 'c.yaml:3: limits.maxSANs: Invalid input'],
  ['without end', 'limits: {maxNodeAddresses: .inf}', 'c.yaml:3: limits.maxNodeAddresses: Invalid input'],
  ['a list for an object', 'limits: []', 'c.yaml:3: limits: Invalid input'],
  ['a text for a list', 'signers: kubernetes.io/kubelet-serving', 'c.yaml:3: signers: Invalid input'],
  ['no signer', 'signers: []', 'c.yaml:3: signers: Too small'],
  ['an empty field', 'onDeny:', 'c.yaml:3: onDeny: Invalid option'],
  ['none of the choices', 'enforcement: off', 'c.yaml:3: enforcement: Invalid option'],
  ['a boolean', 'enforcement: true', 'c.yaml:3: enforcement: Invalid option'],
  [
    'no DNS server',
    'dns:\n  servers: [dns.example.com]',
    'c.yaml:4: dns.servers.0: not the address of a DNS',
  ],
  ['a DNS server without port', 'dns: {servers: ["10.0.0.1:"]}', 'c.yaml:3: dns.servers.0: not the address'],
  ['a port too large', 'dns: {servers: ["10.0.0.1:65536"]}', 'c.yaml:3: dns.servers.0: not the address'],
  [
    'IPv6 and port without brackets',
    'dns: {servers: ["[::1:53"]}',
    'c.yaml:3: dns.servers.0: not the address',
  ],
  ['IPv4 in brackets', 'dns: {servers: ["[10.0.0.1]:53"]}', 'c.yaml:3: dns.servers.0: not the address'],
  ['too many DNS servers', `dns: {servers: ${nine('10.0.0.1')}}`, 'c.yaml:3: dns.servers: Too big'],
  ['too little time for DNS', 'dns: {timeoutMs: 1}', 'c.yaml:3: dns.timeoutMs: Too small'],
  ['no range', 'cluster:\n  podCIDRs:\n    - 10.0.0.0', 'c.yaml:5: cluster.podCIDRs.0: not an address range'],
  ['a prefix too long', 'cluster: {podCIDRs: [10.0.0.0/33]}', 'c.yaml:3: cluster.podCIDRs.0: not an address'],
  [
    'a range in upper case',
    'cluster: {podCIDRs: ["FD00:10::/108"]}',
    'c.yaml:3: cluster.podCIDRs.0: not an address',
  ],
  [
    'an IPv4-mapped range',
    'cluster: {serviceCIDRs: ["::ffff:10.0.0.0/104"]}',
    'c.yaml:3: cluster.serviceCIDRs.0: not an',
  ],
  ['a zero before a prefix', 'cluster: {podCIDRs: [10.0.0.0/08]}', 'c.yaml:3: cluster.podCIDRs.0: not an'],
  ['no address', 'cluster: {apiAddresses: [api]}', 'c.yaml:3: cluster.apiAddresses.0: not an IP address'],
  ['a zone', 'cluster: {apiAddresses: ["fe80::1%eth0"]}', 'c.yaml:3: cluster.apiAddresses.0: not an IP'],
  ['an upper-case name', 'cluster: {apiNames: [API]}', 'c.yaml:3: cluster.apiNames.0: not a lower-case'],
  [
    'a deadline that is as long as the lease',
    'leaderElection:\n  renewDeadlineSeconds: 15',
    'c.yaml:4: leaderElection.renewDeadlineSeconds: must be less than leaseDurationSeconds (15)',
  ],
  [
    'a lease that is as short as the deadline',
    'leaderElection: {leaseDurationSeconds: 10}',
    'leaderElection.renewDeadlineSeconds: must be less than leaseDurationSeconds (10)',
  ],
  [
    'a retry period of which two do not fit into the deadline',
    'leaderElection: {retryPeriodSeconds: 9}',
    'c.yaml:3: leaderElection.retryPeriodSeconds: 1.2 times of it must be less than renewDeadlineSeconds (10)',
  ],
  [
    'too long a lease',
    'leaderElection: {leaseDurationSeconds: 301}',
    'leaderElection.leaseDurationSeconds: Too big',
  ],
  ['no namespace', 'leaderElection: {namespace: A}', 'c.yaml:3: leaderElection.namespace: not the name of'],
  [
    'a name with an empty label',
    'leaderElection: {name: a..b}',
    'c.yaml:3: leaderElection.name: not the name of',
  ],
  ['no name', 'leaderElection: {name: a/b}', 'c.yaml:3: leaderElection.name: not the name of an object'],
  ['an unknown level', 'log: {level: trace}', 'c.yaml:3: log.level: Invalid option'],
];

describe('is refused, with file, line and path', () => {
  test.each(invalid)('%s', (_, text, expected) => {
    const error = refusal(`${head}${text}\n`);
    expect(error).toMatchObject({ code: 'ConfigInvalid', message: expect.stringContaining(expected) });
  });

  test.each([
    ['another kind', head.replace('ApproverConfiguration', 'Approver'), 'c.yaml:2: kind: Invalid input'],
    ['another version', head.replace('v1alpha1', 'v2'), 'c.yaml:1: apiVersion: Invalid input'],
    ['neither', 'onDeny: deny\n', 'c.yaml: apiVersion: Invalid input'],
    [
      'no path',
      `${head}decisionLog: {file: {}}\n`,
      'c.yaml:3: decisionLog.file.path: missing: string is expected',
    ],
    ['an empty file', '', 'c.yaml: exactly one YAML document'],
    ['only a comment', '# nothing\n', 'c.yaml'],
    ['a list', '- a\n', 'c.yaml'],
    ['a text', 'hello\n', 'c.yaml'],
  ])('%s', (_, text, expected) => {
    expect(refusal(text).message).toContain(expected);
  });

  test('everything that is wrong is said at once', () => {
    const { message } = refusal(`${head}onDeny: never\nlimits: {maxSANs: -1}\nserver: {port: x}\n`);
    expect(message.split('\n').map((line) => line.replace(/^(\S+ \S+).*/, '$1'))).toEqual([
      'c.yaml:3: onDeny:',
      'c.yaml:4: limits.maxSANs:',
      'c.yaml:5: server.port:',
    ]);
  });

  test.each([
    ['bad indentation', 'server:\n  port: 1\n address: x\n', /^c\.yaml:5:/],
    ['a tab', 'server:\n\tport: 1\n', /^c\.yaml:4:/],
    ['an open quote', 'onDeny: "deny\n', /^c\.yaml:\d+:\d+:/],
    ['a key twice', 'onDeny: deny\nonDeny: leavePending\n', /^c\.yaml:4:1: Map keys must be unique/],
    ['a key twice inside', 'server: {port: 1, port: 2}\n', /^c\.yaml:3:\d+: Map keys must be unique/],
    ['a second document', `---\n${head}`, /exactly one YAML document/],
    ['an unknown alias', 'onDeny: *nothing\n', /^c\.yaml: Unresolved alias.*nothing/],
  ])('syntax: %s', (_, text, expected) => {
    const error = refusal(`${head}${text}`);
    expect(error.code).toBe('ConfigSyntax');
    expect(error.message).toMatch(expected);
  });

  test('aliases that multiply', () => {
    const lines = [
      'a: &a x',
      ...['b', 'c', 'd', 'e'].map((to, index) => `${to}: &${to} ${nine(`*${'abcd'.charAt(index)}`)}`),
    ];
    expect(refusal(`${head}${lines.join('\n')}\n`)).toMatchObject({
      code: 'ConfigSyntax',
      message: expect.stringContaining('alias'),
    });
  });
});

describe('the file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'config-test-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test.each([
    [
      'is not there',
      join(directory, 'missing.yaml'),
      /: there is no such file: check `--config`, and the mount$/,
    ],
    ['is a directory', directory, /EISDIR/],
  ])('that %s is named', (_, file, reason) => {
    expect(() => loadConfig(file)).toThrow(expect.objectContaining({ code: 'ConfigUnreadable' }));
    expect(() => loadConfig(file)).toThrow(reason);
    expect(() => loadConfig(file)).toThrow(file);
  });

  test('is read', () => {
    const file = join(directory, 'config.yaml');
    writeFileSync(file, `${head}enforcement: dryrun\n`);
    expect(loadConfig(file).enforcement).toBe('dryrun');
  });
});

test.each(['10.96.0.10', '10.96.0.10:5353', 'fd00::a', '[fd00::a]:53', '[::1]:1'])(
  '%s is a DNS server',
  (server) => {
    expect(parse(`dns: {servers: ["${server}"]}`).dns.servers).toEqual([server]);
    new Resolver().setServers([server]);
  },
);
