import { expect, test, describe } from 'vitest';
import { z } from 'zod';
import type { CaseResult, Report } from '../../../src/verify/outcome.ts';
import { problemsOf } from '../../../src/verify/outcome.ts';
import { formatGithub } from '../../../src/verify/output/github.ts';
import { formatJson } from '../../../src/verify/output/json.ts';
import { formatJunit } from '../../../src/verify/output/junit.ts';
import { formatSarif } from '../../../src/verify/output/sarif.ts';
import { formatStdout } from '../../../src/verify/output/stdout.ts';
import { formatTap } from '../../../src/verify/output/tap.ts';
import type { Element } from './xml.ts';
import { parseXML } from './xml.ts';

const expected = { verdict: 'deny', codes: ['NameReserved'], warn: [], messages: [] } as const;

const result = (id: string, title: string, outcome: CaseResult['outcome']): CaseResult => ({
  id,
  title,
  file: 'cases/a b,c.yaml',
  line: 7,
  expected: { ...expected, codes: [...expected.codes], warn: [], messages: [] },
  outcome,
  problems: problemsOf({ ...expected, codes: [...expected.codes], warn: [], messages: [] }, outcome),
  seconds: 0.25,
});

const reserved = { code: 'NameReserved', msg: 'the name is reserved', source: 'floor' } as const;
const good = result('OK-1', 'as it should be', { verdict: 'deny', reasons: [reserved], warnings: [] });
const plain = result('BAD-1', 'approved: 100 %', { verdict: 'approve', reasons: [], warnings: [] });

/** What ends every kind of quotation, and what no terminal and no XML may be shown. */
const ends = `]]>]]></x>"'&<!--\r\n::error::x\n# SKIP\n...\n`;
const hidden = '\u001B[2J\u0000\u0008\u202Eevil\u2028\uFFFE\uD800';
const hostile = result('BAD-2', `t # SKIP \\ ${hidden}`, {
  verdict: 'wait',
  reasons: [{ code: 'Code', msg: `${ends}${hidden}`, source: 'policy' }],
  warnings: [{ code: 'Warned', msg: ends, source: 'policy' }],
});

const report: Report = { results: [good, plain, hostile], seconds: 1.25 };

const formats: [string, (report: Report) => string | Promise<string>][] = [
  ['stdout', formatStdout],
  ['json', formatJson],
  ['tap', formatTap],
  ['junit', formatJunit],
  ['github', formatGithub],
  ['sarif', (one) => formatSarif(one, '1.2.3')],
];

test.each(formats)('%s shows nothing that moves, hides or reorders', async (_, format) => {
  const text = await format(report);
  expect(text).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}]/u);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test('stdout', () => {
  expect(formatStdout({ ...report, results: [good, plain] })).toBe(
    [
      'FAILED cases/a b,c.yaml: 1 of 2 passed',
      '  line 7: BAD-1 approved: 100 %',
      '    verdict: expected deny, got approve',
      '    codes: expected NameReserved, got none',
      '2 cases: 1 passed, 1 failed (1.3 s)',
      '',
    ].join('\n'),
  );
  const lines = formatStdout({ ...report, results: [hostile] }).split('\n');
  expect(lines).toContainEqual(
    expect.stringMatching(/^ {4}wait: Code \(policy\): \]\]>.*\\u\{a\}::error::x/),
  );
  expect(lines).toHaveLength(9);
});

test('json', () => {
  const parsed = JSON.parse(formatJson(report)) as {
    readonly summary: unknown;
    readonly results: readonly { readonly passed: boolean; readonly got: Record<string, unknown> }[];
  };
  expect(parsed.summary).toEqual({ cases: 3, passed: 1, failed: 2, seconds: 1.25 });
  expect(parsed.results.map((one) => one.passed)).toEqual([true, false, false]);
  expect(parsed.results[2]?.got['reasons']).toEqual(hostile.outcome.reasons);
  expect(parsed.results[2]).toMatchObject({ file: hostile.file, line: 7, expected: { verdict: 'deny' } });
});

test('tap', () => {
  const lines = formatTap(report).split('\n');
  expect(lines.slice(0, 8)).toEqual([
    'TAP version 14',
    '1..3',
    'ok 1 - OK-1 as it should be',
    'not ok 2 - BAD-1 approved: 100 %',
    '  ---',
    '  at: "cases/a b,c.yaml:7"',
    '  lines:',
    '    - "verdict: expected deny, got approve"',
  ]);
  expect(lines[10]).toMatch(/^not ok 3 - BAD-2 t \\# SKIP \\\\ \\\\u\{1b\}/);
  expect(lines.filter((line) => /^(not )?ok/.test(line))).toHaveLength(3);
  expect(lines.filter((line) => line === '  ...')).toHaveLength(2);
});

const find = ({ children }: Element, name: string) => children.filter((child) => child.name === name);

describe('junit', () => {
  test('is XML with a suite for each file', async () => {
    const suites = parseXML(await formatJunit(report));
    expect(suites).toMatchObject({ name: 'testsuites', attributes: { tests: '3', failures: '2' } });
    const [suite, ...more] = find(suites, 'testsuite');
    if (suite === undefined) throw new Error('no suite');
    expect(more).toEqual([]);
    expect(suite.attributes).toMatchObject({ name: 'cases/a b,c.yaml', tests: '3', failures: '2' });
    const cases = find(suite, 'testcase');
    expect(cases.map(({ attributes }) => attributes['name'])).toEqual([
      'OK-1 as it should be',
      'BAD-1 approved: 100 %',
      expect.stringMatching(/^BAD-2 t # SKIP/),
    ]);
    expect(cases.map((one) => find(one, 'failure').length)).toEqual([0, 1, 1]);
  });

  test('keeps hostile text inside of its failure', async () => {
    const suites = parseXML(await formatJunit({ ...report, results: [hostile] }));
    const [suite] = find(suites, 'testsuite');
    const [one] = suite === undefined ? [] : find(suite, 'testcase');
    const [failure] = one === undefined ? [] : find(one, 'failure');
    expect(failure?.attributes['message']).toBe('verdict: expected deny, got wait');
    expect(failure?.text).toContain(String.raw`wait: Code (policy): ]]\u{3e}]]\u{3e}</x>"'&<!--`);
    expect(failure?.children).toEqual([]);
  });
});

test('github: one command for each failure, on a line of its own', () => {
  const lines = formatGithub(report).trimEnd().split('\n');
  expect(lines[0]).toBe(
    '::error file=cases/a b%2Cc.yaml,line=7,title=BAD-1 approved%3A 100 %25::verdict: expected deny, got approve%0Acodes: expected NameReserved, got none',
  );
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/^::error file=[^:]*,title=BAD-2 [^:]*::verdict: expected deny, got wait%0A/);
  expect(lines[2]).toBe('3 cases: 1 passed, 2 failed (1.3 s)');
});

describe('sarif', () => {
  /** What SARIF 2.1.0 demands of these members (sections 3.13, 3.14, 3.18, 3.19, 3.27, 3.29, 3.30). */
  const sarif = z.strictObject({
    $schema: z.url(),
    version: z.literal('2.1.0'),
    runs: z
      .array(
        z.strictObject({
          tool: z.strictObject({
            driver: z.strictObject({
              name: z.string().min(1),
              version: z.string(),
              rules: z.array(z.looseObject({ id: z.string().min(1) })).length(1),
            }),
          }),
          invocations: z.array(z.strictObject({ executionSuccessful: z.boolean() })),
          columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
          results: z.array(
            z.strictObject({
              ruleId: z.literal('CaseFailed'),
              ruleIndex: z.literal(0),
              level: z.enum(['none', 'note', 'warning', 'error']),
              message: z.strictObject({ text: z.string().min(1) }),
              locations: z
                .array(
                  z.strictObject({
                    physicalLocation: z.strictObject({
                      artifactLocation: z.strictObject({ uri: z.string().regex(/^[\w/.%:~-]+$/) }),
                      region: z.strictObject({ startLine: z.int().positive() }),
                    }),
                  }),
                )
                .length(1),
              partialFingerprints: z.record(z.string(), z.string()),
            }),
          ),
        }),
      )
      .length(1),
  });
  const resultsOf = (given: Report) => sarif.parse(JSON.parse(formatSarif(given, '1.2.3'))).runs[0]?.results;

  test('has a result for each failure, at its place', () => {
    const results = resultsOf(report) ?? [];
    expect(results).toHaveLength(2);
    expect(results[0]?.locations[0]?.physicalLocation).toEqual({
      artifactLocation: { uri: 'cases/a%20b%2Cc.yaml' },
      region: { startLine: 7 },
    });
    expect(results[0]?.message.text).toMatch(/^BAD-1 approved: 100 %\nverdict: expected deny, got approve\n/);
    expect(results.map((one) => one.partialFingerprints)).toEqual([
      { 'caseId/v1': 'BAD-1' },
      { 'caseId/v1': 'BAD-2' },
    ]);
  });

  test('has none when all pass', () => {
    expect(resultsOf({ ...report, results: [good] })).toEqual([]);
  });
});
