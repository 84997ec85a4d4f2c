import {
  accessSync,
  constants,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ensureTool } from '../tools/ensure.ts';
import { run } from '../tools/run.ts';

/** The workflow files, as far as they can be held to something without GitHub: by its linter, and by this repository. */

const root = new URL('../../', import.meta.url).pathname;
const folder = join(root, '.github/workflows');
const files = readdirSync(folder);

const permissions = z.record(z.string(), z.string());
const workflow = z.looseObject({
  permissions,
  jobs: z.record(
    z.string(),
    z.looseObject({
      permissions: permissions.optional(),
      uses: z.string().optional(),
      steps: z.array(z.looseObject({ uses: z.string().optional(), run: z.string().optional() })).optional(),
    }),
  ),
});
const read = (file: string) => workflow.parse(parse(readFileSync(join(folder, file), 'utf8')));

/** What may be more than read. */
const writing = (given: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries(given)
    .filter(([, level]) => level !== 'read')
    .map(([name]) => name);

let actionlint: string;
let scratch: string;
beforeAll(async () => {
  actionlint = await ensureTool('actionlint');
  scratch = mkdtempSync(join(tmpdir(), 'workflows-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

// Without the other linters that it takes where it finds them: the same verdict on every machine.
const lint = (...paths: string[]) =>
  run(actionlint, ['-shellcheck=', '-pyflakes=', '-no-color', ...paths], { cwd: root });

test('there are two', () => {
  expect(files).toEqual(['ci.yaml', 'release.yaml']);
});

describe.each(files)('%s', (file) => {
  test('is what GitHub understands', async () => {
    expect(await lint(join(folder, file))).toMatchObject({ code: 0, stdout: '' });
  });

  test.each([
    ['a trigger', /^on:/m, 'no:'],
    ['an action', /uses: actions\/checkout@v4\n/, 'uses: actions/checkout\n'],
    ['a permission', /contents: read/, 'contents: some'],
    ['a context', /\$\{\{ (runner|github)\./, '${{ nothing.'],
  ])('would not be with %s written wrongly', async (_, right, wrong) => {
    const text = readFileSync(join(folder, file), 'utf8');
    expect(text).toMatch(right);
    const copy = join(scratch, file);
    writeFileSync(copy, text.replace(right, wrong));
    expect(await lint(copy)).toMatchObject({ code: 1, stdout: expect.stringContaining(file) });
  });

  test("uses only GitHub's own actions, each at a version, and workflows of this repository", () => {
    const { jobs } = read(file);
    const used = Object.values(jobs).flatMap(({ uses, steps = [] }) => [
      uses,
      ...steps.map((step) => step.uses),
    ]);
    for (const one of used.filter((name) => name !== undefined)) {
      if (one.startsWith('./')) accessSync(join(root, one), constants.R_OK);
      else expect(one).toMatch(/^actions\/(checkout|cache|attest-build-provenance)@v\d+$/);
    }
  });

  test('reads, and writes only where it publishes; no secret is stored', () => {
    const { permissions: all, jobs } = read(file);
    expect(writing(all)).toEqual([]);
    const writers = Object.entries(jobs)
      .map(([job, { permissions: given }]) => [job, writing(given)] as const)
      .filter(([, names]) => names.length > 0);
    expect(Object.fromEntries(writers)).toEqual(
      file === 'ci.yaml'
        ? {}
        : { publish: ['contents', 'packages', 'id-token', 'attestations'], npm: ['id-token'] },
    );
    expect(readFileSync(join(folder, file), 'utf8')).not.toContain('secrets.');
  });

  test('builds nothing that is published out of a cache, and has no expression in a command', () => {
    const { jobs } = read(file);
    const caching = Object.entries(jobs)
      .filter(([, { steps = [] }]) => steps.some(({ uses = '' }) => uses.startsWith('actions/cache')))
      .map(([job]) => job);
    expect(caching).toEqual(file === 'ci.yaml' ? ['test'] : []);
    // What others write comes as a setting: as text of a script it could be one.
    for (const { steps = [] } of Object.values(jobs)) {
      for (const { run: script = '' } of steps) expect(script).not.toContain('${{');
    }
  });

  test('has only commands that exist: of this repository, or of the machine it runs on', () => {
    const targets = new Set(
      [...readFileSync(join(root, 'Makefile'), 'utf8').matchAll(/^([a-z][a-z-]*):/gm)].map(
        ([, name]) => name,
      ),
    );
    // What GitHub's ubuntu-24.04 has, according to its published list, and the shell's own.
    const machine = /^(cat|cd|docker|echo|export|gh|go|grep|jq|npm|npx|sha256sum)$/;
    const steps = Object.values(read(file).jobs).flatMap(({ steps: some = [] }) => some);
    const lines = steps.flatMap(({ run: script = '' }) =>
      script
        .replaceAll('\\\n', ' ')
        .split(/\n|\|\||\|/)
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    );
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const words = line.replace(/^\w+=\$\((.*)\)$/, '$1').split(/\s+/);
      // Settings before a command: NAME=value.
      const [program = '', ...args] = words.slice(words.findIndex((word) => !/^[A-Z]+=/.test(word)));
      if (program === '.ci/debian') {
        accessSync(join(root, program), constants.X_OK);
        const [what = '', target] = args;
        if (what === 'make') expect(targets, line).toContain(target);
        else accessSync(join(root, what), constants.X_OK);
      } else if (program !== '"$RUNNER_TEMP/cosign"') expect(program, line).toMatch(machine);
    }
  });
});
