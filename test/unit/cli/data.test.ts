import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { run } from '../../support/command-line.ts';
import { scratch } from './files.ts';

/** Data overlays by option and by configuration. */

const file = scratch();
const serving = (config: object) => ({ csr: { kubelet_serving: { config } } });
const reserved = file('reserved.yaml', serving({ reserved_names: ['worker-1', 'n1'] }));
const ranges = file('ranges.json', JSON.stringify(serving({ reserved_cidrs: ['203.0.113.0/24'] })));
const kind = { apiVersion: 'rego-csr-approver/v1alpha1', kind: 'ApproverConfiguration' };
const config = (data: readonly string[]) => ['--config', file('config.yaml', { ...kind, policy: { data } })];
const input = new URL('../../../policies/examples/input.json', import.meta.url).pathname;
const review = (...args: string[]) => run(['review', '--input', input, ...args]);

test('without one, the request is approved', async () => {
  expect(await review()).toMatchObject({ code: 0 });
});

describe('an overlay is decided by', () => {
  test.each([
    ['of the command line', () => ['--data', reserved]],
    ['of the configuration', () => config([reserved])],
    ['of both', () => [...config([ranges]), '--data', reserved]],
  ])('%s', async (_, args) => {
    const { code, out } = await review(...args());
    expect(code).toBe(1);
    expect(out).toContain('NameReservedByConfig (policy)');
  });
});

test.each<[string, () => string[], RegExp]>([
  ['one that is not there', () => ['--data', '/nonexistent'], /^error: OverlayUnreadable: \/nonexistent: /],
  [
    'one that sets what the configuration’s sets',
    () => [...config([reserved]), '--data', reserved],
    /^error: OverlayConflict: .*reserved\.yaml:4: csr\.kubelet_serving\.config\.reserved_names: is set at .*reserved\.yaml:4 already/,
  ],
  [
    'a wrong type',
    () => ['--data', file('wrong.yaml', serving({ reserved_names: 'n1' }))],
    /^error: OverlayTypeWrong: .*wrong\.yaml:4: /,
  ],
])('refused: %s', async (_, args, message) => {
  const { code, out, err } = await review(...args());
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
});

describe('verify', () => {
  const capture: unknown = JSON.parse(readFileSync(input, 'utf8'));
  const cases = (list: readonly object[]) =>
    file(
      'cases.json',
      JSON.stringify(list.map((one, index) => ({ id: `D-${String(index)}`, title: 'x', capture, ...one }))),
    );
  const denied = { expect: { verdict: 'deny', codes: ['NameReservedByConfig'] } };
  const approved = { expect: { verdict: 'approve' } };
  const verify = (list: readonly object[], ...args: string[]) => run(['verify', cases(list), ...args]);

  test('decides with the overlay, says so, and lets a case change what the overlay sets', async () => {
    const { code, out, err } = await verify(
      [denied, { ...approved, config: { reserved_names: [] } }],
      '--data',
      reserved,
    );
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^policy: built-in default with the data of \S+reserved\.yaml\n/);
  });

  test('a case fails that knew another knob', async () => {
    expect(await verify([approved], '--data', reserved)).toMatchObject({ code: 1 });
    expect(await verify([approved])).toMatchObject({ code: 0 });
  });

  test('an overlay that the policy refuses runs nothing', async () => {
    const wrong = file('wrong-value.yaml', serving({ reserved_names: ['N1'] }));
    const { code, err } = await verify([approved], '--data', wrong);
    expect(code).toBe(2);
    expect(err).toMatch(/^error: ConfigErrors: .*reserved_names\[0\]/);
  });
});
