import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkOutput, writeOutput } from '../../../src/compiler/output.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'output-'));
  mkdirSync(join(root, 'policy'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const archive = new TextEncoder().encode('a bundle');

describe('an output', () => {
  test('is replaced as a whole, and nothing is left beside it', async () => {
    const file = join(root, 'bundle.tar.gz');
    expect(await writeOutput(file, archive)).toBe(true);
    writeFileSync(file, 'an older one, which is longer');
    expect(await writeOutput(file, archive)).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('a bundle');
    expect(readdirSync(root).sort()).toEqual(['bundle.tar.gz', 'policy']);
  });

  test('that is a link stays one', async () => {
    writeFileSync(join(root, 'v1'), 'old');
    symlinkSync('v1', join(root, 'current'));
    await writeOutput(join(root, 'current'), archive);
    expect(readlinkSync(join(root, 'current'))).toBe('v1');
    expect(readFileSync(join(root, 'v1'), 'utf8')).toBe('a bundle');
  });

  test('is written into a folder that is made for it', async () => {
    await writeOutput(join(root, 'build/deep/bundle.tar.gz'), archive);
    expect(readdirSync(join(root, 'build/deep'))).toEqual(['bundle.tar.gz']);
  });

  test('that is a device is written to', async () => {
    expect(await writeOutput('/dev/null', archive)).toBe(false);
  });

  test.each([
    ['a directory', 'policy'],
    ['below a file', 'file/bundle.tar.gz'],
    ['below what is below a file', 'file/more/bundle.tar.gz'],
  ])('that is %s is refused, and nothing is left', async (_, name) => {
    writeFileSync(join(root, 'file'), 'x');
    await expect(writeOutput(join(root, name), archive)).rejects.toMatchObject({
      code: 'OutputUnwritable',
      // The file that nobody has named is not in it.
      message: expect.not.stringMatching(/\.bundle|'/),
    });
    expect(readdirSync(root).sort()).toEqual(['file', 'policy']);
  });

  test.each([
    'policy/data.json',
    'policy/x.rego',
    'policy/deep/.manifest',
    'link/data.yaml',
    'bundle.tar.gz',
  ])('that the next build would read is refused: %s', async (name) => {
    mkdirSync(join(root, 'policy/deep'));
    symlinkSync('policy', join(root, 'link'));
    writeFileSync(join(root, 'policy/mine.rego'), '');
    symlinkSync('policy/mine.rego', join(root, 'bundle.tar.gz'));
    await expect(checkOutput(join(root, name), join(root, 'policy'))).rejects.toMatchObject({
      code: 'OutputInSource',
    });
  });

  test.each(['policy/bundle.tar.gz', 'data.json', 'policy-2/data.json'])('may be %s', async (name) => {
    mkdirSync(join(root, 'policy-2'));
    await expect(checkOutput(join(root, name), join(root, 'policy'))).resolves.toBeUndefined();
  });
});
