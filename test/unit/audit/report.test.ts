import { describe, expect, test } from 'vitest';
import { allFindingCodes, type FindingCode, findingCodes, severities } from '../../../src/audit/codes.ts';
import type { AuditedRequest, Finding } from '../../../src/audit/finding.ts';
import type { Context } from '../../../src/audit/output/context.ts';
import { jsonLine, jsonSummary } from '../../../src/audit/output/json.ts';
import { formatJunit } from '../../../src/audit/output/junit.ts';
import { formatSarif } from '../../../src/audit/output/sarif.ts';
import { formatText } from '../../../src/audit/output/text.ts';
import { AuditReport, type FailOn, fails } from '../../../src/audit/report.ts';
import { parseXML } from '../verify/xml.ts';

const context: Context = {
  version: '1.2.3',
  policy: 'built-in default',
  revisions: new Map([['kubernetes.io/kubelet-serving', 'r\u001b1']]),
  kubeletCA: 'the CA in ca.crt',
  failOn: ['error'],
  explanation: ({ title }) => [`what   ${title}`],
};

const request = (...findings: readonly Finding[]): AuditedRequest => ({
  kind: 'csr',
  name: 'csr-1',
  uid: 'u',
  signerName: 'kubernetes.io/kubelet-serving',
  username: 'system:node:n1',
  createdAt: new Date('2026-11-22T06:00:00Z'),
  state: 'issued',
  decided: undefined,
  judgement: { kind: 'deny', reasons: [], warnings: [], revision: 'r1', aged: 'as new' },
  certificate: undefined,
  findings,
});
const finding = (code: FindingCode, message = 'm'): Finding => ({ code, message });

function report(...findings: readonly Finding[]): AuditReport {
  const made = new AuditReport();
  made.add(request(...findings));
  return made;
}

/** What a stranger may have put into a message. */
const unsafeIn = (text: string) => ['\u001b', '\u202e'].filter((character) => text.includes(character));
const hostile = 'x\u001b[2J\n::error::y\u202e]]>z';

describe('what fails', () => {
  test.each<[FailOn, FindingCode, boolean]>([
    [['error'], 'ApprovalForged', true],
    [['error'], 'ForeignApproval', false],
    [['warning'], 'ForeignApproval', true],
    [['warning'], 'ApprovalForged', true],
    [['warning'], 'PendingNotAllowed', false],
    [['note'], 'PendingNotAllowed', true],
    [['PendingNotAllowed'], 'PendingNotAllowed', true],
    [['PendingNotAllowed'], 'ApprovalForged', false],
    [['ForeignApproval', 'error'], 'ApprovalForged', true],
    [[], 'ApprovalForged', false],
  ])('%j: %s', (failOn, code, expected) => {
    expect(fails(code, failOn)).toBe(expected);
  });
});

test('codes are listed by severity, the worst first', () => {
  const ranks = allFindingCodes.map((code) => severities.indexOf(findingCodes[code].severity));
  expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
});

test('of very many all are counted, some are kept, and fewer shown', () => {
  const many = new AuditReport();
  for (let i = 0; i < 20_000; i += 1) many.add(request(finding('ForeignApproval', String(i))));
  expect([many.count('ForeignApproval'), many.of('ForeignApproval').length]).toEqual([20_000, 1000]);
  const text = formatText(many, context);
  expect(text).toContain('warning ForeignApproval (20000): ');
  expect(text).toContain('  and 19980 more: -o json has them all');
  expect(text.match(/^  certificatesigningrequests\//gm)).toHaveLength(20);
});

test('what stands behind a reason is shown below it, of those that are shown', () => {
  const explain = [{ code: 'X\u001b', source: 'floor', title: 't', description: '', remedy: '' }] as const;
  const many = new AuditReport();
  for (let i = 0; i < 30; i += 1) many.add(request({ code: 'PendingNotAllowed', message: 'm', explain }));
  const text = formatText(many, context);
  expect(text).toContain(': m\n    X\\u{1b} (floor)\n      what   t\n  certificatesigningrequests/');
  expect(text.match(/what {3}t/g)).toHaveLength(20);
  expect(many.of('PendingNotAllowed').filter((kept) => kept.explain !== undefined)).toHaveLength(20);
});

describe('text', () => {
  test('says what was judged, by what, and that nothing was found', () => {
    expect(formatText(report(), context)).toBe(`policy: built-in default
  kubernetes.io/kubelet-serving: revision r\\u{1b}1
requests: 1, 1 issued, 0 approved and not issued, 0 denied, 0 failed, 0 pending; 0 approved by this program
kubelets: none were asked
nothing was found
`);
  });

  test('shows nothing as it is that strangers wrote', () => {
    const text = formatText(report(finding('ApprovalForged', hostile)), context);
    expect(text).toContain(
      'certificatesigningrequests/csr-1 of system:node:n1: x\\u{1b}[2J\\u{a}::error::y\\u{202e}]]>z\n',
    );
  });
});

test('a line of JSON has verdict, findings and their severity', () => {
  const line = jsonLine(request(finding('ForeignApproval', hostile)));
  expect([...unsafeIn(line), line.indexOf('\n')]).toEqual([line.length - 1]);
  expect(JSON.parse(line)).toMatchObject({
    kind: 'csr',
    created_at: '2026-11-22T06:00:00Z',
    verdict: { kind: 'deny', aged: 'as new' },
    findings: [{ code: 'ForeignApproval', severity: 'warning', message: hostile }],
  });
});

test('the last line of JSON sums up', () => {
  const summed = report(finding('ForeignApproval'), finding('ApprovalForged'), finding('ForeignApproval'));
  expect(JSON.parse(jsonSummary(summed, context))).toMatchObject({
    kind: 'summary',
    requests: { issued: 1, pending: 0 },
    findings: { ForeignApproval: 2, ApprovalForged: 1 },
    failed_by: ['ApprovalForged'],
    kubelet_ca: 'the CA in ca.crt',
  });
});

test('JUnit has a case for each code, and those fail that are to', async () => {
  const xml = await formatJunit(
    report(finding('ApprovalForged', hostile), finding('ForeignApproval')),
    context,
  );
  expect(unsafeIn(xml)).toEqual([]);
  const cases = parseXML(xml).children[0]?.children ?? [];
  expect(cases.map(({ attributes }) => attributes['name'])).toEqual(allFindingCodes);
  const failed = cases.filter(({ children }) => children.some(({ name }) => name === 'failure'));
  expect(failed.map(({ attributes }) => attributes['name'])).toEqual(['ApprovalForged']);
  expect(failed[0]?.children[0]?.text).toContain('\\u{a}::error::y');
  const told = cases.filter(({ children }) => children.some(({ name }) => name === 'system-out'));
  expect(told.map(({ attributes }) => attributes['name'])).toEqual(['ForeignApproval']);
});

test('SARIF has a rule for each code, and a result for each finding', () => {
  const log = JSON.parse(formatSarif(report(finding('ApprovalForged', hostile)), context));
  const [run] = log.runs;
  expect(run.tool.driver.rules).toHaveLength(allFindingCodes.length);
  expect(run.invocations).toEqual([{ executionSuccessful: true }]);
  const [result] = run.results;
  expect(run.tool.driver.rules[result.ruleIndex].id).toBe('ApprovalForged');
  expect(result).toMatchObject({
    level: 'error',
    locations: [{ logicalLocations: [{ fullyQualifiedName: 'certificatesigningrequests/csr-1' }] }],
  });
});

test('SARIF has no link of a stranger’s making', () => {
  const log = JSON.parse(
    formatSarif(report(finding('NotJudged', '[renew here](https:evil.example)')), context),
  );
  expect(log.runs[0].results[0].message.text).toContain('[renew here]\\u{28}https:evil.example)');
});

test('SARIF says that a run with holes was not successful', () => {
  const log = JSON.parse(formatSarif(report(finding('NotJudged')), context));
  expect(log.runs[0].invocations).toEqual([{ executionSuccessful: false }]);
});
