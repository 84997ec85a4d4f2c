import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { WatchedFiles } from '../../../src/activation/watched-files.ts';
import { eventually } from '../../support/eventually.ts';

test('a file that is written bit by bit has changed when it is done, and once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'watched-'));
  const path = join(directory, 'knobs.yaml');
  writeFileSync(path, '');
  let text = '';
  const told: string[] = [];
  const watched = new WatchedFiles([path], () => told.push(text), 1000);
  onTestFinished(() => {
    watched.stop();
    rmSync(directory, { recursive: true });
  });
  watched.start(await watched.marks());
  // Many times within two looks, so that a machine that is busy makes no pause that looks like the end.
  for (let line = 0; line < 10; line += 1) {
    appendFileSync(path, `line ${String(line)}\n`);
    text += String(line);
    // oxlint-disable-next-line no-await-in-loop -- as a slow writer does
    await sleep(100);
  }
  await eventually(() => (told.length > 0 ? true : undefined));
  await sleep(2500);
  expect(told).toEqual(['0123456789']);
});
