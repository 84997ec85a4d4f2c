import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Activation } from '../../../src/activation/activation.ts';
import { PolicyFeed } from '../../../src/activation/feed.ts';
import { BundleRecord } from '../../../src/activation/status.ts';
import { PolicyError } from '../../../src/bundle/error.ts';
import { SourceError } from '../../../src/bundle/sources/error.ts';
import type { Fetched } from '../../../src/bundle/sources/source.ts';
import { eventually } from '../../support/eventually.ts';
import { policiesThat } from '../decide/stubs.ts';

/** What the source gives next: a version, or why there is none. */
let source: string | Error;
/** What is kept of earlier days. */
let kept: string | undefined;
let written: string[];
let said: string[];
/** What the source was told is known, each time. */
let known: (string | undefined)[];
/** How often the source has answered. */
let answers: number;
let fetches: number;
let files: string[];
let activation: Activation<Fetched>;
let feed: PolicyFeed;
let directory: string;
/** Whether what is beside the bundle makes bad ones good. */
let isMended: boolean;
/** While it is there, bundles of versions that begin with `slow` are being proven. */
let held: Promise<void> | undefined;

const fetched = (version: string): Fetched => ({
  version,
  files: new Map(),
  archive: Buffer.from(version),
});

beforeEach(() => {
  source = new SourceError('SourceUnreachable', 'nobody answers');
  kept = undefined;
  written = [];
  said = [];
  known = [];
  answers = 0;
  fetches = 0;
  files = [];
  held = undefined;
  isMended = false;
  directory = mkdtempSync(join(tmpdir(), 'feed-test-'));
  activation = new Activation({
    load: async ({ version }) => {
      if (version.startsWith('slow')) await held;
      if (version === 'slow bad') throw new PolicyError('ConfigErrors', version);
      if (version.startsWith('bad') && !isMended) throw new PolicyError('ConfigErrors', version);
      return { policies: policiesThat(), revision: version, close: async () => undefined };
    },
  });
  activation.listen({
    activated: ({ revision }) => said.push(`activated ${revision}`),
    refused: (cause) => said.push(`refused ${String(cause)}`),
  });
});
afterEach(async () => {
  await feed.stop();
  rmSync(directory, { recursive: true });
});

function make(): PolicyFeed {
  feed = new PolicyFeed({
    source: {
      name: 'test',
      fetch: async (version) => {
        known.push(version);
        fetches += 1;
        if (source instanceof Error) throw source;
        return source === version ? undefined : fetched(source);
      },
    },
    delays: { minMs: 0, maxMs: 0, retryBaseMs: 0, retryCapMs: 0 },
    activation,
    record: new BundleRecord('policy', () => new Date()),
    files,
    lastGood: {
      read: async () => (kept === undefined ? undefined : fetched(kept)),
      write: async ({ version }) => void written.push(version),
    },
    answered: () => (answers += 1),
    failed: (cause, failures) => said.push(`failed ${String(failures)} ${String(cause)}`),
  });
  return feed;
}
const until = (line: string) =>
  eventually(() => (said.includes(line) ? true : undefined), { explain: () => said.join('\n') });
const never = new AbortController().signal;

describe('the first bundle of a source that a person must mend', () => {
  test('is in force when it is good', async () => {
    source = 'a';
    await make().first(never);
    expect(activation.revision).toBe('a');
    expect(answers).toBe(1);
  });

  test.each([
    ['cannot be fetched', new PolicyError('BundleNotFound', 'gone')],
    ['is bad', 'bad'],
  ])('is an error when it %s', async (_, given) => {
    source = given;
    await expect(make().first(never)).rejects.toThrow(PolicyError);
    expect(activation.policies).toBeUndefined();
  });

  test('says in its error which bundle it is, once', async () => {
    source = new PolicyError('BundleTooLarge', 'more than 4096 files');
    await expect(make().first(never)).rejects.toThrow(/^bundle test: more than 4096 files$/);
    source = new PolicyError('BundleTooLarge', 'bundle test: more than 7 bytes');
    await expect(make().first(never)).rejects.toThrow(/^bundle test: more than 7 bytes$/);
    source = new SourceError('SourceUnreachable', 'nobody answers');
    await expect(make().first(never)).rejects.toThrow(/^nobody answers$/);
    expect(answers).toBe(0);
  });
});

describe('a start without the network', () => {
  test('takes the last good bundle, and what the source has when it is there again', async () => {
    kept = 'old';
    make().start();
    await until('activated old');
    source = 'new';
    await until('activated new');
    await eventually(() => (written.length === 1 ? true : undefined));
    expect(written).toEqual(['new']);
  });

  test('takes it also when what the source has is bad', async () => {
    kept = 'old';
    source = 'bad';
    make().start();
    await until('activated old');
    expect(said).toEqual(['refused PolicyError: bad', 'activated old']);
    expect(written).toEqual([]);
  });

  test('goes on trying where there is none, and says why', async () => {
    make().start();
    await until('failed 3 PolicyError: nobody answers');
    expect(activation.policies).toBeUndefined();
    source = 'a';
    await until('activated a');
  });

  test('does not take one that is bad itself', async () => {
    kept = 'bad old';
    make().start();
    await until('refused PolicyError: bad old');
    await until('failed 3 PolicyError: nobody answers');
    expect(activation.policies).toBeUndefined();
  });
});

describe('a start with a bundle that takes long to be proven', () => {
  test.each([
    ['good', 'slow', ['activated slow']],
    ['bad', 'slow bad', ['refused PolicyError: slow bad', 'activated old']],
  ])('takes the last good one only if it is bad: %s', async (_, given, outcome) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    kept = 'old';
    source = given;
    make().start();
    await eventually(() => (known.includes(given) ? true : undefined));
    source = new SourceError('SourceUnreachable', 'nobody answers');
    await until('failed 3 PolicyError: nobody answers');
    resolve();
    await until(outcome.at(-1) ?? '');
    await new Promise((settled) => setTimeout(settled, 20));
    expect(said.filter((line) => !line.startsWith('failed'))).toEqual(outcome);
  });
});

describe('what cannot be read as a bundle', () => {
  const torn = new PolicyError('BundleUnreadable', 'half of it');

  test('is refused, once, and what was there before is activated again when it is back', async () => {
    source = 'a';
    await make().first(never);
    feed.start();
    source = torn;
    await until('refused PolicyError: bundle test: half of it');
    source = new SourceError('SourceUnreachable', 'nobody answers');
    await eventually(() => (said.some((line) => line.startsWith('failed')) ? true : undefined));
    source = torn;
    const seen = fetches;
    await eventually(() => (fetches > seen + 4 ? true : undefined));
    // It was fetched: that it is no good is said once, and not as a failure to fetch it.
    expect(said.filter((line) => line.includes('half of it'))).toHaveLength(1);
    source = 'a';
    await eventually(() => (said.filter((line) => line === 'activated a').length === 2 ? true : undefined));
  });

  test('is not refused where it cannot be reached: that says nothing of a bundle', async () => {
    source = 'a';
    await make().first(never);
    feed.start();
    source = new SourceError('SourceUnreachable', 'nobody answers');
    await until('failed 4 PolicyError: nobody answers');
    expect(said.filter((line) => line.startsWith('refused'))).toEqual([]);
  });
});

describe('a file beside the bundle', () => {
  test.each([
    ['changes', 'there'],
    ['comes', undefined],
  ])('that %s has the bundle activated again', async (_, before) => {
    const path = join(directory, 'key.pem');
    files = [path];
    if (before !== undefined) writeFileSync(path, before);
    source = 'a';
    await make().first(never);
    feed.start();
    writeFileSync(path, 'another');
    await eventually(() => (said.filter((line) => line === 'activated a').length === 2 ? true : undefined));
  });

  test('has the last good bundle activated again where the source is away', async () => {
    files = [join(directory, 'knobs.yaml')];
    kept = 'old';
    make().start();
    await until('activated old');
    writeFileSync(join(directory, 'knobs.yaml'), 'another');
    await eventually(() => (said.filter((line) => line === 'activated old').length === 2 ? true : undefined));
    expect(written).toEqual([]);
  });

  test('that makes a refused bundle good has it kept', async () => {
    files = [join(directory, 'knobs.yaml')];
    source = 'bad';
    make().start();
    await until('refused PolicyError: bad');
    isMended = true;
    writeFileSync(join(directory, 'knobs.yaml'), 'another');
    await until('activated bad');
    await eventually(() => (written.includes('bad') ? true : undefined));
  });
});
