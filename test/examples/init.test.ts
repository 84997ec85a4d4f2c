import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { policiesPath } from '../rego/paths.ts';
import { run } from '../support/command-line.ts';
import { findTool } from '../tools/tools.ts';
import { filesOf, Scratch } from './shell.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

/** Paths of everything below a directory, links and empty directories too. */
const tree = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();

const comments = (from: string) => from.match(/^ *#.*$/gm)?.map((line) => line.trim()) ?? [];
const knobs = z.object({ config: z.record(z.string(), z.unknown()) });

let at: string;
let target: string;
let number = 0;
beforeEach(() => {
  at = scratch.path(`test-${String((number += 1))}`);
  mkdirSync(at);
  target = join(at, 'policies');
});

describe('init', () => {
  it('writes a repository into a new directory', async () => {
    const { code, out } = await run(['init', target]);
    expect([code, out]).toEqual([0, `${target} is ready: read its README.md, and run its ci.sh\n`]);
    const files = Object.keys(filesOf(target)).filter((path) => !path.startsWith('policy/csr/'));
    expect(files.sort()).toEqual([
      '.github/workflows/policy.yaml',
      '.gitignore',
      '.regal/config.yaml',
      'README.md',
      'capabilities.json',
      'captures/approve/worker.json',
      'captures/refuse/no-pool.json',
      'cases/captures.yaml',
      'cases/extend.yaml',
      'cases/world.yaml',
      'ci.sh',
      'config.yaml',
      'policy/.manifest',
      'policy/acme/kubelet_serving/decision.rego',
      'policy/acme/kubelet_serving/decision_test.rego',
      'policy/acme/kubelet_serving/pool.rego',
      'policy/acme/kubelet_serving/violation.rego',
      'schemas/input.json',
      'schemas/kubelet_client.data.json',
      'schemas/kubelet_serving.data.json',
      'schemas/overlay.json',
      'vendored.sha256',
    ]);
    expect(statSync(join(target, 'ci.sh')).mode & 0o111).not.toBe(0);
    expect(readdirSync(at)).toEqual(['policies']);
  });

  it('writes into an empty directory, and keeps that one', async () => {
    mkdirSync(target);
    const { ino } = statSync(target);
    expect(await run(['init', target])).toMatchObject({ code: 0 });
    expect(statSync(target).ino).toBe(ino);
    expect(existsSync(join(target, 'ci.sh'))).toBe(true);
    expect(readdirSync(at)).toEqual(['policies']);
  });

  it('calls the package as it is told, in files and folders', async () => {
    expect(await run(['init', '--package', 'bank.nodes.serving', target])).toMatchObject({ code: 0 });
    const files = filesOf(target);
    expect(files['policy/bank/nodes/serving/decision.rego']).toMatch(/^package bank\.nodes\.serving$/m);
    expect(files['config.yaml']).toContain(': bank/nodes/serving/decision\n');
    expect(JSON.parse(files['policy/.manifest'] ?? '')).toMatchObject({
      roots: ['bank/nodes/serving', 'csr'],
    });
    for (const [path, text] of Object.entries(files)) {
      if (!path.startsWith('policy/csr/')) expect(`${path}\n${text}`).not.toMatch(/acme[./]kubelet/);
    }
  });

  it('writes every schema that a data file names, with its sum', async () => {
    await run(['init', target]);
    const files = filesOf(target);
    const named = Object.entries(files).flatMap(([path, text]) => {
      const [, schema] = /^# yaml-language-server: \$schema=(.+)$/m.exec(text) ?? [];
      return schema === undefined ? [] : [join(path, '..', schema)];
    });
    expect(named.sort()).toEqual(['schemas/kubelet_client.data.json', 'schemas/kubelet_serving.data.json']);
    for (const schema of named) {
      expect(files[schema]).toBe(readFileSync(policiesPath(schema), 'utf8'));
      expect(files['vendored.sha256']).toContain(`  ${schema}\n`);
    }
  });

  it('lays the knobs of an example over those of the default policy, with the comments of both', async () => {
    await run(['init', '--example', 'openshift', target]);
    const files = filesOf(target);
    const file = 'policy/csr/kubelet_serving/data.yaml';
    const text = files[file] ?? '';
    const shipped = readFileSync(policiesPath('default/csr/kubelet_serving/data.yaml'), 'utf8');
    const overlay: unknown = parse(readFileSync(policiesPath('examples/openshift/knobs.yaml'), 'utf8'));
    const data = knobs.parse(parse(shipped)).config;
    const laid = z.object({ csr: z.object({ kubelet_serving: knobs }) }).parse(overlay).csr
      .kubelet_serving.config;
    expect(parse(text)).toEqual({ config: { ...data, ...laid } });
    expect(Object.keys(laid)).toEqual(['trust', 'lookups']);
    expect(comments(text)).toEqual(expect.arrayContaining(comments(shipped)));
    for (const comment of ['# The Machine alone: its', '# Said twice: of the'])
      expect(text).toContain(comment);
    expect(files).not.toHaveProperty('knobs.yaml');
  });

  it('leaves the knobs of the default policy as they are shipped, where an example sets none', async () => {
    await run(['init', target]);
    const file = 'csr/kubelet_serving/data.yaml';
    expect(filesOf(target)[`policy/${file}`]).toBe(readFileSync(policiesPath(`default/${file}`), 'utf8'));
  });

  it('pins the tools of this repository in the workflow', async () => {
    await run(['init', target]);
    const workflow = filesOf(target)['.github/workflows/policy.yaml'] ?? '';
    for (const name of ['opa', 'conftest', 'regal']) {
      expect(workflow).toContain(`  ${name.toUpperCase()}: ${findTool(name).version.replace('v', '')}\n`);
    }
  });

  describe('refuses, and writes nothing:', () => {
    const names = [
      'acme kubelet',
      'Acme.kubelet',
      'acme..x',
      '.acme',
      'acme.default',
      'csr.mine',
      'system.x',
      'a_test',
      '',
      '../x',
      'a/b',
      'a'.repeat(64),
    ];
    it.each(names)('package %j', async (name) => {
      expect(await run(['init', '--package', name, target])).toMatchObject({
        code: 2,
        err: expect.stringMatching(/^error: PackageInvalid: /),
      });
      expect(readdirSync(at)).toEqual([]);
    });

    const refused: readonly (readonly [string, string, () => void, readonly string[]])[] = [
      [
        'a directory with something in it',
        'DirectoryNotEmpty',
        () => {
          mkdirSync(target);
          writeFileSync(join(target, '.hidden'), '');
        },
        [],
      ],
      [
        'a repository',
        'DirectoryNotEmpty',
        () => {
          mkdirSync(target);
          writeFileSync(join(target, 'ci.sh'), '');
        },
        [],
      ],
      ['a file', 'NotADirectory', () => writeFileSync(target, 'mine'), []],
      [
        'a link to an empty directory',
        'NotADirectory',
        () => {
          mkdirSync(join(at, 'real'));
          symlinkSync('real', target);
        },
        [],
      ],
      ['a link to nothing', 'NotADirectory', () => symlinkSync('nothing', target), []],
      [
        'a directory in no directory',
        'DirectoryUnwritable',
        () => {
          target = join(at, 'a/b');
        },
        [],
      ],
      [
        'a directory in a file',
        'DirectoryUnwritable',
        () => {
          writeFileSync(join(at, 'a'), '');
          target = join(at, 'a/b');
        },
        [],
      ],
      ['an example that there is not', 'ExampleUnknown', () => undefined, ['--example', '../extend']],
      [
        'a package for an example without rules',
        'PackageNotApplicable',
        () => undefined,
        ['--example', 'gcp', '--package', 'acme.x'],
      ],
      [
        'a package together with --update',
        'OptionsConflict',
        () => undefined,
        ['--update', '--package', 'acme.x'],
      ],
    ];
    it.each(refused)('%s', async (_, error, prepare, options) => {
      prepare();
      const before = tree(at);
      const { code, out, err } = await run(['init', ...options, target]);
      expect([code, out, err]).toEqual([2, '', expect.stringMatching(new RegExp(`^error: ${error}: `))]);
      expect(tree(at)).toEqual(before);
    });
  });
});
