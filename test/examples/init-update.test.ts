import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../support/command-line.ts';
import { filesOf, Scratch } from './shell.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const rule = 'policy/csr/kubelet_serving/names.rego';
const update = () => run(['init', '--update', target]);
const sum = (text: string) => createHash('sha256').update(text).digest('hex');
const file = (path: string) => join(target, path);

let at: string;
let target: string;
let number = 0;
beforeEach(() => {
  at = scratch.path(`test-${String((number += 1))}`);
  mkdirSync(at);
  target = join(at, 'policies');
});

/** As if an older version had written the repository, with another content of one file, and one file more. */
function makeOlder(): void {
  const path = join(target, 'vendored.sha256');
  const older = 'package csr.kubelet_serving\n';
  let sums = readFileSync(path, 'utf8');
  sums = sums.replace(new RegExp(`^.{64}(?=  ${rule}$)`, 'm'), sum(older));
  writeFileSync(join(target, rule), older);
  writeFileSync(join(target, 'policy/csr/kubelet_serving/old.rego'), older);
  writeFileSync(path, `${sums}${sum(older)}  policy/csr/kubelet_serving/old.rego\n`);
}

describe('init --update', () => {
  beforeEach(async () => {
    expect(await run(['init', target])).toMatchObject({ code: 0 });
  });

  it('changes nothing in a repository of this version', async () => {
    const before = filesOf(target);
    expect(await update()).toMatchObject({ code: 0, out: 'nothing to update\n' });
    expect(filesOf(target)).toEqual(before);
  });

  it('replaces, adds and removes what is vendored, and nothing else', async () => {
    const fresh = filesOf(target);
    makeOlder();
    let sums = readFileSync(join(target, 'vendored.sha256'), 'utf8');
    for (const path of ['policy/csr/kubelet_serving/key.rego', 'schemas/kubelet_serving.data.json']) {
      rmSync(join(target, path));
      sums = sums.replace(new RegExp(`^.{64}  ${path}\n`, 'm'), '');
    }
    writeFileSync(join(target, 'vendored.sha256'), sums);
    const own = {
      'policy/csr/kubelet_serving/data.yaml': 'config: {}\n',
      'README.md': 'ours\n',
      'ci.sh': 'exit 0\n',
    };
    for (const [path, text] of Object.entries(own)) writeFileSync(join(target, path), text);
    const { code, out } = await update();
    expect(out).toBe(
      [
        'added policy/csr/kubelet_serving/key.rego',
        'added schemas/kubelet_serving.data.json',
        'removed policy/csr/kubelet_serving/old.rego',
        `replaced ${rule}`,
        'review the changes, and run ./ci.sh',
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
    expect(filesOf(target)).toEqual({ ...fresh, ...own });
  });

  it('goes on where an update was interrupted', async () => {
    const fresh = filesOf(target);
    makeOlder();
    writeFileSync(join(target, rule), fresh[rule] ?? '');
    expect(await update()).toMatchObject({ code: 0 });
    expect(filesOf(target)).toEqual(fresh);
  });

  describe('refuses, and writes nothing:', () => {
    const refused: readonly (readonly [string, string, string, () => void])[] = [
      ['a rule that was edited', 'VendoredEdited', rule, () => appendFileSync(file(rule), '\n')],
      [
        'a schema that was edited',
        'VendoredEdited',
        'schemas/input.json',
        () => writeFileSync(file('schemas/input.json'), '{}'),
      ],
      [
        'a schema of knobs that was edited',
        'VendoredEdited',
        'schemas/kubelet_serving.data.json',
        () => writeFileSync(file('schemas/kubelet_serving.data.json'), '{}'),
      ],
      [
        'capabilities that were edited',
        'VendoredEdited',
        'capabilities.json',
        () => writeFileSync(file('capabilities.json'), '{}'),
      ],
      ['a rule that was removed', 'VendoredEdited', rule, () => rmSync(file(rule))],
      ['all of them', 'VendoredEdited', rule, () => rmSync(file('policy/csr'), { recursive: true })],
      [
        'a rule that was added',
        'VendoredEdited',
        'policy/csr/mine.rego',
        () => writeFileSync(file('policy/csr/mine.rego'), ''),
      ],
      [
        'a rule that is a link',
        'LinkRefused',
        'names.rego',
        () => {
          renameSync(file(rule), join(at, 'elsewhere'));
          symlinkSync(join(at, 'elsewhere'), file(rule));
        },
      ],
      [
        'a folder that is a link',
        'LinkRefused',
        'policy/csr',
        () => {
          renameSync(file('policy/csr'), join(at, 'elsewhere'));
          symlinkSync(join(at, 'elsewhere'), file('policy/csr'));
        },
      ],
      [
        'sums that are a link',
        'LinkRefused',
        'vendored.sha256',
        () => {
          renameSync(file('vendored.sha256'), join(at, 'sums'));
          symlinkSync(join(at, 'sums'), file('vendored.sha256'));
        },
      ],
      [
        'a repository that is a link',
        'LinkRefused',
        'link',
        () => {
          symlinkSync('policies', join(at, 'link'));
          target = join(at, 'link');
        },
      ],
      [
        'sums of a file outside',
        'NotAPolicyRepository',
        'vendored.sha256',
        () => appendFileSync(file('vendored.sha256'), `${'0'.repeat(64)}  policy/csr/../../../x.rego\n`),
      ],
      [
        'sums of a file that is not vendored',
        'NotAPolicyRepository',
        'vendored.sha256',
        () => appendFileSync(file('vendored.sha256'), `${'0'.repeat(64)}  ci.sh\n`),
      ],
      ['no sums', 'NotAPolicyRepository', 'vendored.sha256', () => rmSync(file('vendored.sha256'))],
      [
        'another directory',
        'NotAPolicyRepository',
        'vendored.sha256',
        () => {
          target = dirname(target);
        },
      ],
      [
        'no directory',
        'NotAPolicyRepository',
        'vendored.sha256',
        () => {
          target = join(at, 'none');
        },
      ],
    ];
    it.each(refused)('%s', async (_, error, named, change) => {
      change();
      const before = filesOf(at);
      const { code, out, err } = await update();
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(new RegExp(`^error: ${error}: `));
      expect(err).toContain(named);
      expect(filesOf(at)).toEqual(before);
    });
  });
});
