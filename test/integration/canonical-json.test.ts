import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { canonicalHash } from '../../src/bundle/canonical-json.ts';
import { PolicyError } from '../../src/bundle/error.ts';
import { readLiteral } from '../../src/bundle/structured.ts';
import { ensureTool } from '../tools/ensure.ts';

/** The hash of any structured file is the one that opa signs: a directory of many of them, signed at once. */

const root = mkdtempSync(join(tmpdir(), 'canonical-test-'));
afterAll(() => rmSync(root, { recursive: true }));
let newest: string;
let oldest: string;
beforeAll(async () => {
  newest = await ensureTool('opa');
  oldest = await ensureTool('opa@1.0');
});

const exec = promisify(execFile);
/** The same files at every run, and others when the seed is changed. */
const settings = { seed: 20_261_122, numRuns: 500 };

const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,24})$/);
/** How JSON may write a number, not how JavaScript would. */
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits,
    fc.stringMatching(/^(\.[0-9]{1,20})?$/),
    fc.stringMatching(/^([eE][-+]?[0-9]{1,3})?$/),
  )
  .map((parts) => parts.join(''));
/** Any text of Unicode, above all what some writers escape; escaped here in one of the ways that JSON has. */
const string = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('<&>', '\u2028', '\u2029', '\u007f', '\b\f\n\r\t"\\/', '\uffee', '😀', '\ufeff'),
      ),
    ),
    fc.boolean(),
  )
  .map(([parts, escapes]) => {
    const text = JSON.stringify(parts.join(''));
    return escapes
      ? text.replaceAll(
          /[^\u0020-\u007e]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        )
      : text;
  });
const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/);
const { value: json } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(number, string, fc.constantFrom('null', 'true', 'false')),
    fc
      .tuple(fc.array(tie('value'), { maxLength: 5 }), space)
      .map(([items, s]) => `[${items.join(`${s},`)}${s}]`),
    fc
      .tuple(
        fc.uniqueArray(fc.tuple(string, tie('value')), {
          maxLength: 5,
          selector: ([key]) => String(JSON.parse(key)),
        }),
        space,
      )
      .map(([members, s]) => `{${members.map(([key, value]) => `${key}${s}:${value}`).join(`,${s}`)}}`),
  ),
}));

/** YAML as a library writes it, of what data may be made of. */
const yaml = fc
  .object({
    maxDepth: 3,
    key: fc.string(),
    values: [
      fc.string(),
      fc.integer(),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ],
  })
  .map((value) => stringify(value));

const signatures = z.object({ signatures: z.tuple([z.string()]) });
const payload = z.object({ files: z.array(z.object({ name: z.string(), hash: z.string() })) });

/** The hashes that opa signs, by file. */
async function hashesOf(opa: string, directory: string): Promise<ReadonlyMap<string, string>> {
  const key = join(root, 'secret');
  writeFileSync(key, 'x'.repeat(32));
  await exec(opa, ['sign', '-b', '.', '--signing-key', key, '--signing-alg', 'HS256', '-o', root], {
    cwd: directory,
  });
  const file = signatures.parse(JSON.parse(readFileSync(join(root, '.signatures.json'), 'utf8')));
  const [, body = ''] = file.signatures[0].split('.');
  const { files } = payload.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  return new Map(files.map(({ name, hash }) => [name, hash]));
}

function write(kind: string, name: string, texts: readonly string[]): string {
  const directory = join(root, kind);
  for (const [index, text] of texts.entries()) {
    mkdirSync(join(directory, String(index)), { recursive: true });
    writeFileSync(join(directory, String(index), name), text);
  }
  return directory;
}

/** Our hash; undefined of a file that is refused since it has two readings. */
function ours(text: string, name: string): string | undefined {
  try {
    return canonicalHash(readLiteral(Buffer.from(text), name, 'DataInvalid'), 'sha256');
  } catch (cause) {
    if (cause instanceof PolicyError) return undefined;
    throw cause;
  }
}

test('of JSON', async () => {
  const texts = fc.sample(json, settings);
  const theirs = await hashesOf(newest, write('json', 'data.json', texts));
  const different = texts.filter(
    (text, index) => ours(text, 'data.json') !== theirs.get(`${String(index)}/data.json`),
  );
  expect(different).toEqual([]);
  expect(await hashesOf(oldest, join(root, 'json'))).toEqual(theirs);
});

test('of YAML that has one reading', async () => {
  const texts = fc.sample(yaml, settings);
  const directory = write('yaml', 'data.yaml', texts);
  const newer = await hashesOf(newest, directory);
  const older = await hashesOf(oldest, directory);
  const read = texts.flatMap((text, index) => {
    const hash = ours(text, 'data.yaml');
    return hash === undefined ? [] : [{ text, hash, name: `${String(index)}/data.yaml` }];
  });
  expect(read.length).toBeGreaterThan(settings.numRuns * 0.9);
  expect(read.filter(({ name, hash }) => newer.get(name) !== hash)).toEqual([]);
  expect(read.filter(({ name, hash }) => older.get(name) !== hash)).toEqual([]);
});
