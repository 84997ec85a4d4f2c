import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { loadPolicies } from '../../../src/activation/load.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import { lineOf, lineOfRequest, ndjson, type Line } from '../../support/decision-lines.ts';
import { run } from '../../support/command-line.ts';
import { now, request } from '../decide/stubs.ts';
import { jsonLines, scratch } from './files.ts';

const file = scratch();
const log = { policies: await loadPolicies(loadConfig(undefined)), count: 0 };
const { sans } = probeDocument;
const denied = { selfnodeserver: { allowed: false, denied: false, reason: '' } };
const lines = [
  await lineOf(log),
  await lineOf(log, { sar: denied }),
  await lineOf(log, { sans: { ...sans, dns: ['localhost'] } }),
  await lineOfRequest(log, request({ request: Buffer.from('no PEM') }), now),
  await lineOf(log, { name: 'csr-second' }),
];
const logged = file('decisions.ndjson', ndjson(lines));
/** The address of every request is reserved. */
const strict = file('strict.yaml', {
  csr: { kubelet_serving: { config: { reserved_cidrs: ['192.0.2.0/24'] } } },
});

const replay = (...args: string[]) => run(['replay', logged, ...args]);
const report = async (...args: string[]) =>
  jsonLines(JSON.stringify(JSON.parse((await run(['replay', ...args, '-o', 'json'])).out)))[0];

test('the lines are of every kind', () => {
  const kinds = lines.map((line) => (line['custom'] as { verdict: { kind: string } }).verdict.kind);
  expect(kinds).toEqual(['approve', 'wait', 'deny', 'deny', 'approve']);
});

test('the same policy decides the same', async () => {
  const { code, out, err } = await replay('--fail-on', 'any,reasons,undecidable');
  expect(out).toBe(
    [
      'policy: built-in default',
      'ok     any',
      'ok     reasons',
      'ok     undecidable',
      '5 decisions replayed: 0 with another verdict, 0 with other reasons, 0 lines not replayed\n',
    ].join('\n'),
  );
  expect(err).toMatch(/^5 lines, 5 decisions in \d+\.\d s \(\d+ lines a second\)\n$/);
  expect(code).toBe(0);
});

describe('another policy', () => {
  test('shows what changes, with an example of each, and does not fail by itself', async () => {
    const { code, out } = await replay('--data', strict, '--examples', '1');
    expect(out).toContain('approve -> deny: 2 decisions (no reason -> AddressReservedByConfig)\n');
    expect(out).toContain(
      `  csr-self-test of system:node:self-test, 2026-01-01T00:00:02.000Z: decision 00000000-0000-4000-8000-000000000001 (${logged}:1)\n`,
    );
    expect(out).toMatch(/ {6}rule {3}csr\.kubelet_serving\.deny \(\S+\/reserved\.rego:\d+\)\n/);
    expect(out).not.toContain('csr-second');
    expect(out).toContain('wait -> deny: 1 decision (AccessNotGranted -> AddressReservedByConfig)\n');
    expect(out).toContain('    was AccessNotGranted (policy): system:node:self-test may not create');
    expect(out).toContain('5 decisions replayed: 3 with another verdict, 0 with other reasons');
    expect(code).toBe(0);
  });

  test.each([
    ['approve->*', 1, 2],
    ['*->deny', 1, 3],
    ['any', 1, 3],
    ['*->approve', 0, 0],
    ['deny->wait', 0, 0],
    ['undecidable', 0, 0],
  ])('fails by --fail-on %s: exit %i', async (gate, expected, count) => {
    const { code, out } = await replay('--data', strict, '--fail-on', gate);
    expect(code).toBe(expected);
    expect(out).toContain(count === 0 ? `ok     ${gate}\n` : `FAILED ${gate}: ${String(count)}\n`);
  });

  test('decides the same with several threads', async () => {
    const one = await replay('--data', strict);
    const three = await replay('--data', strict, '--workers', '3');
    expect(three.out).toBe(one.out);
  });
});

describe('reads', () => {
  const arrays = `[${lines.map((line) => JSON.stringify(line)).join(',')}]`;
  test.each<[string, string | Uint8Array]>([
    ['lines', ndjson(lines)],
    ['compressed lines', gzipSync(ndjson(lines))],
    ['compressed files one after the other', Buffer.concat(lines.map((line) => gzipSync(ndjson([line]))))],
    ['an array, as OPA uploads it', gzipSync(arrays)],
  ])('%s from standard input', async (_, stdin) => {
    const { out } = await run(['replay', '-', '--data', strict], stdin);
    expect(out).toContain('5 decisions replayed: 3 with another verdict');
    expect(out).toContain('(standard input:1)');
  });

  test('several files, and counts what it has had already', async () => {
    const packed = file('decisions.ndjson.gz', gzipSync(ndjson(lines.slice(2))));
    const { out } = await replay(packed);
    expect(out).toContain('not replayed:\n  3 Duplicate: the same decision once more\n');
  });

  test('what is there of a compressed file that is cut off', async () => {
    const many = Array.from({ length: 2000 }, (_, index): Line => ({
      ...lines[0],
      decision_id: String(index),
    }));
    const whole = gzipSync(ndjson(many), { level: 0 });
    const cut = file('cut.gz', whole.subarray(0, whole.length / 2));
    const { out, code } = await run(['replay', cut, '--fail-on', 'undecidable']);
    expect(out).toContain('1 FileBroken: ');
    expect(out).toMatch(/\d{3} decisions replayed: 0 with another verdict/);
    expect(code).toBe(1);
  });
});

describe('skips', () => {
  const [good = {}] = lines;
  const input = good['input'] as Line;
  const without = (fact: string): Line => ({
    ...good,
    decision_id: fact,
    input: { ...input, [fact]: undefined },
  });

  test('and counts what cannot be decided again, by reason', async () => {
    const odd = [
      'I1122 a line of another log',
      JSON.stringify({ ...good, decision_id: 'a', erased: ['/input/name'] }),
      JSON.stringify(good).slice(0, 100),
      `{"labels":{},"decision_id":"b","x":"${'x'.repeat(10 * 1024 * 1024)}"}`,
      JSON.stringify(without('cluster')),
      JSON.stringify(without('claims')),
      JSON.stringify({ ...good, custom: undefined }),
    ];
    const { out, code } = await run(
      ['replay', '-', '--fail-on', 'undecidable'],
      `${odd.join('\n')}\n${ndjson(lines)}`,
    );
    expect(out).toContain(
      [
        'not replayed:',
        '  1 LineTooLong: longer than 8 MiB: no decision is',
        '  1 LineBroken: begins as JSON and is none: cut off, or damaged',
        '  1 Masked: a mask took or replaced a part of the input, or of the request in its place (/input/name: 1)',
        '  2 FactMissing: the policy asks for a fact that was not gathered then (claims: 1, cluster: 1)',
        '  1 ForeignDecision: a decision of another program',
        '  1 OtherLine: no decision: a line of another log',
        'FAILED undecidable: 5',
        '5 decisions replayed: 0 with another verdict, 0 with other reasons, 7 lines not replayed\n',
      ].join('\n'),
    );
    expect(code).toBe(1);
  });

  test('nothing of what is nested deeply, and goes on', async () => {
    const deep = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`;
    const text = JSON.stringify({
      ...good,
      decision_id: 'deep',
      input: { ...input, lookups: { x: { found: true, objects: ['DEEP'], more: false } } },
    });
    const { out, code } = await run(
      ['replay', '-', '--data', strict],
      `${text.replace('"DEEP"', deep)}\n${ndjson(lines)}`,
    );
    expect(out).toMatch(/[56] decisions replayed: /);
    expect(code).toBe(0);
  });

  test('a fact that only the floor of the facts would miss is not missed where the form refuses', async () => {
    const bare = {
      ...lines[2],
      input: { ...(lines[2]?.['input'] as Line), node: undefined, cluster: undefined },
    };
    const { out } = await run(['replay', '-'], ndjson([bare]));
    expect(out).toContain('1 decision replayed: 0 with another verdict');
  });
});

describe('cannot be done', () => {
  test.each<[string, readonly string[], string]>([
    ['without a line that can be decided', ['-'], 'NothingReplayed'],
    ['without the file', ['/nowhere/decisions'], 'FileUnreadable'],
    ['with a folder', ['/tmp'], 'FileUnreadable'],
    ['with standard input twice', ['-', '-'], 'OptionsInvalid'],
    ['with a gate that is none', ['-', '--fail-on', 'approve->refuse'], 'OptionsInvalid'],
    ['with examples that are no number', ['-', '--examples', 'x'], 'OptionsInvalid'],
    ['with no example', ['-', '--examples', '0'], 'OptionsInvalid'],
    ['with too many workers', ['-', '--workers', '17'], 'OptionsInvalid'],
    ['with an unknown format', ['-', '-o', 'tap'], 'OutputInvalid'],
  ])('%s', async (_, args, expected) => {
    const { code, out, err } = await run(['replay', ...args], 'a line\n');
    expect(err).toMatch(new RegExp(`^error: ${expected}: `));
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  test('says why nothing was replayed', async () => {
    const { err } = await run(['replay', '-'], 'a line\n');
    expect(err).toBe(
      'error: NothingReplayed: nothing was replayed: 1 OtherLine: no decision: a line of another log\n',
    );
  });
});

describe('writes', () => {
  test('nothing of a log that a CI runner would obey', async () => {
    const odd = await lineOf(log, {
      name: '::error::x',
      sar: { selfnodeserver: { ...denied.selfnodeserver, reason: '##[error]' } },
    });
    const { out } = await run(['replay', '-', '--data', strict], ndjson([odd]));
    expect(out).toContain('wait -> deny: 1 decision');
    expect(out).not.toMatch(/^\s*::|##\[/m);
  });

  test('JSON', async () => {
    expect(await report(logged, '--data', strict, '--fail-on', '*->deny')).toMatchObject({
      summary: { decided: 5, flipped: 3, reworded: 0, not_replayed: 0 },
      files: [logged],
      gates: [{ gate: '*->deny', count: 3, passed: false }],
      changes: [
        {
          was: 'approve',
          now: 'deny',
          codes: { was: [], now: ['AddressReservedByConfig'] },
          count: 2,
          examples: [
            {
              csr: 'csr-self-test',
              now: [{ code: 'AddressReservedByConfig' }],
              explain: [{ rule: 'csr.kubelet_serving.deny', compared: { 'input.sans.ip': ['192.0.2.1'] } }],
            },
            { csr: 'csr-second' },
          ],
        },
        { was: 'wait', now: 'deny', count: 1 },
      ],
    });
  });

  test('JUnit: a test for each gate, with what fails it', async () => {
    const { out } = await replay(
      '--data',
      strict,
      '--fail-on',
      'approve->*',
      '--fail-on',
      '*->approve',
      '-o',
      'junit',
    );
    expect(out).toMatch(/<testsuites tests="3" failures="1"/);
    expect(out).toContain('name="--fail-on approve->*"');
    expect(out).toContain('approve -> deny: 2 decisions');
  });

  test('SARIF: a change at its first example, as an error where it is forbidden', async () => {
    const { out } = await replay('--data', strict, '--fail-on', 'approve->*', '-o', 'sarif');
    const { results } = (JSON.parse(out) as { runs: { results: Line[] }[] }).runs[0] ?? { results: [] };
    expect(results.map(({ level, partialFingerprints }) => [level, partialFingerprints])).toEqual([
      ['error', { 'change/v1': 'approve->deny:{"was":[],"now":["AddressReservedByConfig"]}' }],
      ['note', { 'change/v1': 'wait->deny:{"was":["AccessNotGranted"],"now":["AddressReservedByConfig"]}' }],
    ]);
    expect(JSON.stringify(results[0])).toContain('"startLine":1');
  });
});
