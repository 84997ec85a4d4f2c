import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprint } from '../../../src/compiler/fingerprint.ts';
import { changes } from '../../../src/compiler/watch.ts';

let root: string;
let stopping: AbortController;
let states: AsyncGenerator<string>;

/** Each new state of the folder, as the command sees it. */
async function* statesOf(folder: string, signal: AbortSignal): AsyncGenerator<string> {
  let before: string | undefined;
  for await (const _ of changes([folder], signal)) {
    const now = await fingerprint([folder]);
    if (now !== before) yield now;
    before = now;
  }
}

const next = async (): Promise<string> => {
  const { value, done } = await states.next();
  if (done === true) throw new Error('ended');
  return value;
};

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'watch-'));
  mkdirSync(join(root, 'policy/deep'), { recursive: true });
  writeFileSync(join(root, 'policy/deep/a.rego'), 'package a');
  stopping = new AbortController();
  states = statesOf(join(root, 'policy'), stopping.signal);
  await next();
});
afterEach(async () => {
  stopping.abort();
  await states.return(undefined);
  rmSync(root, { recursive: true, force: true });
});

describe('a watch sees', () => {
  test('a file that is written', async () => {
    writeFileSync(join(root, 'policy/deep/a.rego'), 'package b # longer');
    await next();
  });

  test('a save by rename, as editors do it, again and again', async () => {
    const file = join(root, 'policy/deep/a.rego');
    for (const text of ['package b', 'package c', 'package d']) {
      writeFileSync(`${file}~`, text);
      renameSync(`${file}~`, file);
      // oxlint-disable-next-line no-await-in-loop
      expect(await next()).toContain('a.rego');
    }
  });

  test('a file in a new folder', async () => {
    mkdirSync(join(root, 'policy/new/er'), { recursive: true });
    writeFileSync(join(root, 'policy/new/er/b.rego'), 'package b');
    expect(await next()).toContain('b.rego');
  });

  test('that the folder was replaced by another, and what happens in that', async () => {
    mkdirSync(join(root, 'other'));
    writeFileSync(join(root, 'other/c.rego'), 'package c');
    renameSync(join(root, 'policy'), join(root, 'old'));
    renameSync(join(root, 'other'), join(root, 'policy'));
    while (!(await next()).includes('c.rego'));
    writeFileSync(join(root, 'policy/d.rego'), 'package d');
    while (!(await next()).includes('d.rego'));
    expect(await fingerprint([join(root, 'policy')])).toContain('d.rego');
  });

  test('its own end', async () => {
    const waiting = states.next();
    stopping.abort();
    expect(await waiting).toMatchObject({ done: true });
  });
});
