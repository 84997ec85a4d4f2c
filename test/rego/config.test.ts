import { beforeAll, describe, expect, it } from 'vitest';
import type { RegoCase } from './cases.ts';
import { defaultConfig, goodCase } from './cases.ts';
import type { Said } from './evaluate.ts';
import { evaluateOnOpa, evaluateOnWasm } from './evaluate.ts';
import type { Turned } from './wrong-trust.ts';
import { wrongTrust, wrongValues } from './wrong-trust.ts';

/** Wrong data, and the paths that must be named. */
const bad: readonly Turned[] = [
  ['no data', null, ['']],
  ['a list', [], ['']],
  ['a text', 'reserved_names', ['']],
  ['nothing set', {}, Object.keys(defaultConfig).map((knob) => `.${knob}`)],
  ['a knob that is not known', { ...defaultConfig, reserved_name: [] }, ['.reserved_name']],
  ['a knob in another case', { ...defaultConfig, Reserved_Names: [] }, ['.Reserved_Names']],
  ['a lifetime in words', { ...defaultConfig, max_expiration_seconds: '1y' }, ['.max_expiration_seconds']],
  ['a lifetime as text', { ...defaultConfig, max_expiration_seconds: '600' }, ['.max_expiration_seconds']],
  ['a lifetime of null', { ...defaultConfig, max_expiration_seconds: null }, ['.max_expiration_seconds']],
  [
    'a lifetime below the least',
    { ...defaultConfig, max_expiration_seconds: 599 },
    ['.max_expiration_seconds'],
  ],
  ['a negative lifetime', { ...defaultConfig, max_expiration_seconds: -1 }, ['.max_expiration_seconds']],
  ['half a second', { ...defaultConfig, max_expiration_seconds: 600.5 }, ['.max_expiration_seconds']],
  [
    'a lifetime beyond int32',
    { ...defaultConfig, max_expiration_seconds: 2 ** 31 },
    ['.max_expiration_seconds'],
  ],
  ['yes', { ...defaultConfig, require_credential_id: 'yes' }, ['.require_credential_id']],
  ['one', { ...defaultConfig, require_credential_id: 1 }, ['.require_credential_id']],
  ['null for a switch', { ...defaultConfig, require_credential_id: null }, ['.require_credential_id']],
  ['a name, no list', { ...defaultConfig, reserved_names: 'n1' }, ['.reserved_names']],
  ['an object for a list', { ...defaultConfig, reserved_names: {} }, ['.reserved_names']],
  ['names in upper case', { ...defaultConfig, reserved_names: ['n1', 'N1'] }, ['.reserved_names[1]']],
  ['a wildcard alone', { ...defaultConfig, reserved_names: ['*'] }, ['.reserved_names[0]']],
  ['a wildcard inside', { ...defaultConfig, reserved_names: ['a.*.example'] }, ['.reserved_names[0]']],
  ['an empty name', { ...defaultConfig, reserved_names: [''] }, ['.reserved_names[0]']],
  ['a trailing dot', { ...defaultConfig, reserved_names: ['n1.'] }, ['.reserved_names[0]']],
  [
    'a name that is none',
    { ...defaultConfig, reserved_names: [null, 7, 'ok'] },
    ['.reserved_names[0]', '.reserved_names[1]'],
  ],
  ['a range, no list', { ...defaultConfig, reserved_cidrs: '10.0.0.0/8' }, ['.reserved_cidrs']],
  ['an address', { ...defaultConfig, reserved_cidrs: ['10.0.0.1'] }, ['.reserved_cidrs[0]']],
  [
    'a mask too long',
    { ...defaultConfig, reserved_cidrs: ['10.0.0.0/8', '10.0.0.0/33'] },
    ['.reserved_cidrs[1]'],
  ],
  ['a mask too long, v6', { ...defaultConfig, reserved_cidrs: ['fd00::/129'] }, ['.reserved_cidrs[0]']],
  ['no mask', { ...defaultConfig, reserved_cidrs: ['10.0.0.0/'] }, ['.reserved_cidrs[0]']],
  ['a negative mask', { ...defaultConfig, reserved_cidrs: ['10.0.0.0/-1'] }, ['.reserved_cidrs[0]']],
  ['a name', { ...defaultConfig, reserved_cidrs: ['example.com'] }, ['.reserved_cidrs[0]']],
  ['three numbers', { ...defaultConfig, reserved_cidrs: ['10.0.0/8'] }, ['.reserved_cidrs[0]']],
  ['a number too big', { ...defaultConfig, reserved_cidrs: ['10.0.0.256/32'] }, ['.reserved_cidrs[0]']],
  ['leading zeros', { ...defaultConfig, reserved_cidrs: ['010.0.0.0/8'] }, ['.reserved_cidrs[0]']],
  [
    'an IPv4-mapped range',
    { ...defaultConfig, reserved_cidrs: ['::ffff:10.0.0.0/104'] },
    ['.reserved_cidrs[0]'],
  ],
  ['two masks', { ...defaultConfig, reserved_cidrs: ['10.0.0.0/8/8'] }, ['.reserved_cidrs[0]']],
  ['spaces', { ...defaultConfig, reserved_cidrs: [' 10.0.0.0/8'] }, ['.reserved_cidrs[0]']],
  ['a range that is none', { ...defaultConfig, reserved_cidrs: [null] }, ['.reserved_cidrs[0]']],
  [
    'two things at once',
    { ...defaultConfig, reserved_cidrs: ['x'], require_credential_id: 'no' },
    ['.require_credential_id', '.reserved_cidrs[0]'],
  ],
  ['good data', defaultConfig, []],
  [
    'every knob turned',
    {
      max_expiration_seconds: 86_400,
      require_credential_id: true,
      reserved_names: ['a.b', '*.c'],
      reserved_cidrs: ['10.9.0.0/16', 'fd99::/64'],
      trust: [['node-status', 'inventory'], ['lookup:machine']],
      inventory: { workers: { node_name: '^n[0-9]+$', names: ['{node}'], cidrs: ['10.0.0.0/16'] } },
      lookups: {
        machine: {
          query: { version: 'v1', resource: 'machines', name: '{node_name}' },
          addresses: ['status', 'addresses'],
        },
      },
      max_age_seconds: 60,
      newest_only: false,
      max_pending_requestor: 255,
      max_pending_cluster: 1_000_000,
    },
    [],
  ],
  ...Object.keys(defaultConfig).map((knob): Turned => [
    `without ${knob}`,
    Object.fromEntries(Object.entries(defaultConfig).filter(([name]) => name !== knob)),
    [`.${knob}`],
  ]),
  ...wrongTrust,
];

/** The good request under each configuration, with a lookup that answers and an inventory's Node, on both engines. */
async function decide(turned: readonly Turned[]): Promise<readonly Said[]> {
  const good = await goodCase();
  const lookup = { found: true, more: false, objects: [{ status: { addresses: ['10.0.0.1', 'n1'] } }] };
  const input = { ...good.input, lookups: { machine: lookup, m: lookup } };
  const cases = turned.map(([, config]): RegoCase => ({
    ...good,
    input,
    config: config as RegoCase['config'],
  }));
  const [onOpa, onWasm] = await Promise.all([evaluateOnOpa(cases), evaluateOnWasm(cases)]);
  expect(onOpa).toEqual(onWasm);
  return onWasm;
}

describe('config_errors', () => {
  let said: readonly Said[];

  beforeAll(async () => {
    said = await decide(bad);
  });

  it.each(bad.map(([title, , paths], index) => ({ title, paths, index })))('$title', ({ paths, index }) => {
    const decision = said[index]?.decision;
    const named = (decision?.config_errors ?? []).map((problem) =>
      typeof problem === 'string' ? problem : String(problem['path']),
    );
    expect([...new Set(named)].sort()).toEqual(
      paths.map((path) => `csr.kubelet_serving.config${path}`).sort(),
    );
    if (paths.length > 0) expect(decision?.allow).toBe(false);
  });

  it('allow the good request under the good data', () => {
    const index = bad.findIndex(([title]) => title === 'good data');
    expect(said[index]?.decision.allow).toBe(true);
  });
});

it('no knob has a wrong value that is taken, or allows anything', async () => {
  const said = await decide(wrongValues);
  expect(said.length).toBeGreaterThan(80);
  const taken = wrongValues.filter(
    (_, index) => said[index]?.decision.allow !== false || said[index].decision.config_errors.length === 0,
  );
  expect(taken.map(([title]) => title)).toEqual([]);
});
