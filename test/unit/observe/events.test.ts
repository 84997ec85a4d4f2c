import { beforeEach, describe, expect, test } from 'vitest';
import type { CertificateRequest } from '../../../src/decide/request.ts';
import type { Reason, Verdict } from '../../../src/decide/verdict.ts';
import { EventLimits } from '../../../src/observe/event-limits.ts';
import { VerdictEvents } from '../../../src/observe/events.ts';
import { request as requestOf } from '../decide/stubs.ts';

type Created = {
  metadata: { name: string; namespace: string };
  note: string;
  reason: string;
  type: string;
  eventTime: string;
  regarding: Record<string, string>;
};

let created: Created[];
let failures: unknown[];
let suppressed: number;
let remedies: Record<string, string>;
let broken: Error | undefined;
let now: Date;
let events: VerdictEvents;
beforeEach(() => {
  created = [];
  failures = [];
  broken = undefined;
  now = new Date('2026-11-22T06:00:00.123Z');
  const sink = {
    createEvent: async (namespace: string, event: object) => {
      expect(namespace).toBe('default');
      if (broken !== undefined) throw broken;
      // oxlint-disable-next-line no-unsafe-type-assertion -- the tests below look at each field
      created.push(event as Created);
    },
    failed: (cause: unknown) => failures.push(cause),
    suppressed: () => (suppressed += 1),
  };
  suppressed = 0;
  remedies = {};
  events = new VerdictEvents(sink, {
    instance: 'host-1',
    now: () => now,
    limits: new EventLimits(() => now.getTime()),
    remedy:
      () =>
      ({ code }) =>
        remedies[code],
  });
});

const because = (...codes: string[]): Reason[] =>
  codes.map((code) => ({ code, msg: `msg of ${code}`, source: 'policy' }));
const wait = (...codes: string[]): Verdict => ({
  kind: 'wait',
  reasons: because(...codes),
  warnings: [],
  retryAfterSeconds: undefined,
});
const verdict = (kind: 'approve' | 'deny' | 'abstain' | 'ignore', ...codes: string[]): Verdict => ({
  kind,
  reasons: because(...codes),
  warnings: [],
});
const error: Verdict = {
  kind: 'error',
  reasons: because('FactUnavailable'),
  warnings: [],
  retryAfterSeconds: undefined,
};
const request: CertificateRequest = requestOf();

test('is a whole events.k8s.io/v1 Event on the request', () => {
  events.report(request, wait('NodeNotFound'), 'enforce');
  expect(created).toMatchObject([
    {
      metadata: { namespace: 'default', name: expect.stringMatching(/^6d5a4b1e-[-0-9a-f]+\.[0-9a-f]{16}$/) },
      eventTime: '2026-11-22T06:00:00.123000Z',
      reportingController: 'rego-csr-approver',
      reportingInstance: 'host-1',
      action: 'Decide',
      type: 'Warning',
      reason: 'PolicyWaiting',
      note: 'NodeNotFound: msg of NodeNotFound',
      regarding: { kind: 'CertificateSigningRequest', name: 'csr-7lh9z', uid: request.uid },
    },
  ]);
});

test.each<[Verdict, 'enforce' | 'dryrun', string[]]>([
  [verdict('approve'), 'enforce', []],
  [verdict('approve'), 'dryrun', ['Normal PolicyWouldAllow']],
  [verdict('deny', 'A'), 'enforce', ['Warning PolicyDenied']],
  [wait('A'), 'enforce', ['Warning PolicyWaiting']],
  [verdict('abstain', 'A'), 'enforce', ['Warning PolicyAbstained']],
  [error, 'enforce', ['Warning DecisionFailed']],
  [verdict('ignore', 'A'), 'enforce', []],
  [verdict('ignore', 'A'), 'dryrun', []],
])('%o, %s: %j', (given, enforcement, expected) => {
  events.report(request, given, enforcement);
  expect(created.map(({ type, reason }) => `${type} ${reason}`)).toEqual(expected);
});

const reported = (...verdicts: Verdict[]) => {
  for (const one of verdicts) events.report(request, one, 'enforce');
  return created.length;
};

describe('is said again', () => {
  test('not when it is the same', () => expect(reported(wait('A', 'B'), wait('A', 'B'))).toBe(1));
  test('not when only the order differs', () => expect(reported(wait('A', 'B'), wait('B', 'A'))).toBe(1));
  test('not when only the words differ', () => {
    const other = { ...wait('A'), reasons: [{ code: 'A', msg: 'after 3 s', source: 'policy' as const }] };
    expect(reported(wait('A'), other)).toBe(1);
  });
  test('when the codes change', () => expect(reported(wait('A'), wait('B'), wait('A'))).toBe(3));
  test('when the verdict changes', () => expect(reported(wait('A'), verdict('deny', 'A'))).toBe(2));
  test('for another request', () => {
    reported(wait('A'));
    events.report(requestOf({ uid: 'another' }), wait('A'), 'enforce');
    expect(new Set(created.map(({ metadata }) => metadata.name)).size).toBe(2);
  });
  test('under a name of its own at another time', () => {
    reported(wait('A'), wait('B'));
    now = new Date('2026-11-22T06:01:00Z');
    reported(wait('A'));
    expect(new Set(created.map(({ metadata }) => metadata.name)).size).toBe(3);
  });
  test('after it was forgotten', () => {
    reported(wait('A'));
    events.forget(request.uid);
    expect(reported(wait('A'))).toBe(2);
  });
  test('after it could not be said', async () => {
    broken = new Error('forbidden');
    reported(wait('A'));
    await expect.poll(() => failures).toEqual([broken]);
    broken = undefined;
    expect(reported(wait('A'))).toBe(1);
  });
});

const noteOf = (msg: string, code = 'A') => {
  events.report(request, { ...verdict('deny'), reasons: [{ code, msg, source: 'policy' }] }, 'enforce');
  return created.at(-1)?.note ?? '';
};

describe('the note', () => {
  test.each([
    ['ANSI escapes', '\u001B[31mred\u001B[0m', 'A: \\u{1b}[31mred\\u{1b}[0m'],
    ['a carriage return', 'good\rbad', 'A: good\\u{d}bad'],
    ['a newline', 'one\ntwo', 'A: one\\u{a}two'],
    ['bidi overrides', 'a\u202Eb', 'A: a\\u{202e}b'],
    ['zero-width characters', 'a\u200Bb', 'A: a\\u{200b}b'],
    ['a backslash', 'a\\u{202e}', 'A: a\\\\u{202e}'],
  ])('shows %s', (_, msg, expected) => expect(noteOf(msg)).toBe(expected));

  test('escapes a code that a rule made up', () => {
    expect(noteOf('m', 'A\nB')).toBe('A\\u{a}B: m');
  });

  test.each(['é', '漢', '😀', 'e\u0301'])('holds at most 1024 bytes, whole characters of %s', (character) => {
    const reasons = Array.from({ length: 20 }, (_, index) => ({
      code: `C${String(index)}`,
      msg: character.repeat(100),
      source: 'policy' as const,
    }));
    events.report(request, { kind: 'deny', reasons, warnings: [] }, 'enforce');
    const note = created[0]?.note ?? '';
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(note)).toBeGreaterThan(1010);
    expect(note).toMatch(/\.\.\.$/);
    expect(note.isWellFormed()).toBe(true);
    expect(note).not.toContain('\u{FFFD}');
  });

  test.each([
    [209, 1024, /x$/],
    [210, 1024, /\.\.\.$/],
  ])('is cut only when it must be: %d', (last, length, end) => {
    const reasons = [198, 198, 198, 198, last].map((count, index) => ({
      code: 'ABCDE'.charAt(index),
      msg: 'x'.repeat(count),
      source: 'policy' as const,
    }));
    events.report(request, { kind: 'deny', reasons, warnings: [] }, 'enforce');
    expect(created[0]?.note).toHaveLength(length);
    expect(created[0]?.note).toMatch(end);
  });
});

describe('what to do', () => {
  test('follows what is wrong, each piece once', () => {
    remedies = { A: 'Do this.', B: 'Do this.', C: 'Do\nthat.', D: 'None. It goes away.' };
    events.report(request, wait('A', 'B', 'C', 'D', 'E'), 'enforce');
    expect(created[0]?.note).toBe(
      ['A', 'B', 'C', 'D', 'E'].map((code) => `${code}: msg of ${code}`).join('; ') +
        '. To do: Do this. Do that.',
    );
  });

  test('is there however long the rest is, and is bounded and escaped itself', () => {
    remedies = { A: `\u001B[31m${'x'.repeat(5000)}` };
    const note = noteOf('y'.repeat(200), 'A');
    expect(note).toContain('To do: \\u{1b}[31mxxx');
    expect(Buffer.byteLength(note)).toBeLessThan(700);
    const reasons = Array.from({ length: 20 }, () => ({
      code: 'A',
      msg: 'z'.repeat(200),
      source: 'policy' as const,
    }));
    remedies = { A: 'Mend it.' };
    events.report(request, { kind: 'deny', reasons, warnings: [] }, 'enforce');
    expect(created.at(-1)?.note).toMatch(/z\.\.\.\. To do: Mend it\.$/);
    expect(Buffer.byteLength(created.at(-1)?.note ?? '')).toBe(1024);
  });
});

const file = (count: number, username: string) => {
  for (let index = 0; index < count; index += 1) {
    events.report({ ...request, uid: `${username}-${String(index)}`, username }, wait('A'), 'enforce');
  }
};

describe('there are not too many', () => {
  test('of one requestor', () => {
    file(5000, 'system:node:thief');
    expect([created.length, suppressed]).toEqual([50, 4950]);
    // Nobody else is silenced by it.
    file(1, 'system:node:honest');
    expect(created).toHaveLength(51);
    now = new Date(now.getTime() + 60_000);
    file(5000, 'system:node:thief');
    expect(created).toHaveLength(63);
  });

  test('of all', () => {
    for (let node = 0; node < 1000; node += 1) file(5, `system:node:n${String(node)}`);
    expect([created.length, suppressed]).toEqual([500, 4500]);
    now = new Date(now.getTime() + 60_000);
    for (let node = 1000; node < 2000; node += 1) file(5, `system:node:n${String(node)}`);
    expect(created).toHaveLength(800);
  });

  test('and one that there was no room for is said when its request is decided again', () => {
    file(51, 'a');
    expect(created).toHaveLength(50);
    now = new Date(now.getTime() + 5_000);
    file(51, 'a');
    expect(created).toHaveLength(51);
    expect(created.at(-1)?.regarding['uid']).toBe('a-50');
  });
});

test.each(['spaces in a name', 'new\nline', '漢字', 'a'.repeat(250), 'UPPER_case', '-'])(
  'has a name of its own whatever the request is called: %j',
  (name) => {
    events.report(requestOf({ name }), wait('A'), 'enforce');
    expect(created[0]?.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]+)*$/);
    expect(created[0]?.regarding['name']).toBe(name);
  },
);
