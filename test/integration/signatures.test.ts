import { execFile } from 'node:child_process';
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Algorithm } from '../../src/bundle/algorithms.ts';
import { keyKinds } from '../../src/bundle/algorithms.ts';
import { readBundleFiles, unpackBundle } from '../../src/bundle/files.ts';
import { verifySignature } from '../../src/bundle/signature.ts';
import type { VerificationKey } from '../../src/bundle/verification-key.ts';
import { tarGz } from '../support/bundle.ts';
import { run } from '../support/command-line.ts';
import { runToEnd } from './program.ts';
import { csrObject } from '../support/csr-object.ts';
import { ensureTool } from '../tools/ensure.ts';
import { type Pair, pair } from '../support/signing-keys.ts';
import {
  type Change,
  type Files,
  flip,
  forged,
  put,
  signedAnew,
  text,
  type Token,
  token,
  write,
} from '../support/tampering.ts';
import { cluster, nodes } from '../unit/cli/files.ts';

/** Bundles that the real opa signs, verified by the program, with opa itself as the second opinion. */

const exec = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'signatures-test-'));
let opa: string;
afterAll(() => rmSync(root, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const rego = `package csr.mine

# METADATA
# entrypoint: true
# custom: {signer_name: kubernetes.io/kubelet-serving, facts: {node: true}}
decision := {"allow": input.node.found, "deny": set(), "wait": set(), "warn": set(), "config_errors": set()}
`;
/** Whatever a hash could take for something else: how numbers are written, order of keys, escapes. */
const data = String.raw`{"one": 1.0, "exponent": 1E5, "minus": -0, "big": 18446744073709551616,
  "html": "<&>\u2028\u2029", "control": "\b\f\n\u0001\u007f", "\ud83d\ude00": "é", "\uffee": [], "Z": {}, "a": null}`;
const yaml = `
base: &base {a: 1.0, b: 0x1F, c: 1e3, d: -0.0, e: 18446744073709551615, f: 1e-7}
copy: *base
merged: {<<: *base, a: 2}
text: "010"
1: number key
date: 2023-01-01
`;

const source = file('source/.manifest', '{"roots": ["csr/mine"]}');
file('source/csr/mine/p.rego', rego);
file('source/csr/mine/data.json', data);
file('source/csr/mine/more/data.yaml', yaml);
// Without numbers that a policy could not compute with.
const modest = file('modest/.manifest', '{"roots": ["csr/mine"]}');
file('modest/csr/mine/p.rego', rego);
file('modest/csr/mine/data.json', '{"a": 1.0}');

async function build(
  { algorithm, signing }: Pair,
  name: string,
  more: readonly string[] = [],
  from = source,
): Promise<string> {
  const output = join(root, `${name}.tar.gz`);
  const key = file(`keys/${name}.pem`, signing);
  const how = ['--signing-key', key, '--signing-alg', algorithm, ...more];
  await exec(opa, ['build', '-t', 'wasm', '-b', '.', '-o', output, ...how], { cwd: dirname(from) });
  return output;
}

const keyOf = ({ algorithm, verifying }: Pair, id = 'default'): VerificationKey => ({
  id,
  algorithm,
  key: verifying,
});

/** What opa says where it refuses; undefined where it does not. */
function refusal(args: readonly string[]): Promise<string | undefined> {
  return exec(opa, args).then(
    () => undefined,
    ({ stdout = '', stderr = '' }: { stdout?: string; stderr?: string }) => `opa: ${stdout}${stderr}`,
  );
}

/** What opa says of a bundle: undefined where it accepts the signature. */
function opinion(bundle: string, { algorithm, verifying }: Pair): Promise<string | undefined> {
  const how = ['--verification-key', file('keys/opinion.pem', verifying), '--signing-alg', algorithm];
  return refusal(['build', '-b', bundle, '-o', join(root, 'opinion.tar.gz'), ...how]);
}

const rsa = pair('RS256');
const other = pair('RS256');
let signed: string;
beforeAll(async () => {
  opa = await ensureTool('opa');
  signed = await build(rsa, 'signed');
});

describe('what opa build signs verifies', () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table are what Algorithm is
  test.each(Object.keys(keyKinds) as Algorithm[])('%s', async (algorithm) => {
    const mine = pair(algorithm);
    const bundle = await build(mine, algorithm);
    const files = await readBundleFiles(bundle);
    const verified = await verifySignature(files, { keys: [keyOf(mine)], scope: '' });
    expect([...verified.keys()].sort()).toEqual(['.manifest', 'csr/mine/p.rego', 'data.json', 'policy.wasm']);
    expect(await opinion(bundle, mine)).toBeUndefined();
    const stranger = verifySignature(files, { keys: [keyOf(pair(algorithm))], scope: '' });
    await expect(stranger).rejects.toThrow(expect.objectContaining({ code: 'SignatureInvalid' }));
  });
});

/** An unpacked bundle with all kinds of files, signed where it lies. */
async function signedDirectory(name: string, ...more: string[]): Promise<string> {
  const directory = join(root, name);
  mkdirSync(directory);
  await exec('tar', ['-xzf', await build(rsa, `${name}-archive`), '-C', directory]);
  file(`${name}/csr/mine/data.json`, data);
  file(`${name}/csr/mine/more/data.yaml`, yaml);
  file(`${name}/data.json`, '{}');
  // opa would sign an older signature, too, as `signatures.json`.
  rmSync(join(directory, '.signatures.json'));
  const key = file(`keys/${name}.pem`, rsa.signing);
  await exec(opa, ['sign', '--signing-key', key, '-b', '.', ...more], { cwd: directory });
  return directory;
}

describe('what opa sign signs verifies', () => {
  test('as a directory, and as an archive of it, by the only key', async () => {
    const directory = await signedDirectory('signed-directory');
    await exec('tar', ['-czf', `${directory}.tar.gz`, '-C', directory, '.']);
    for (const path of [directory, `${directory}.tar.gz`]) {
      // oxlint-disable-next-line no-await-in-loop -- two
      const files = await readBundleFiles(path);
      // oxlint-disable-next-line no-await-in-loop
      const verified = await verifySignature(files, { keys: [keyOf(rsa, 'any')], scope: '' });
      expect([...verified.keys()]).toContain('csr/mine/more/data.yaml');
    }
  });

  test('with the key and the scope that its claims name', async () => {
    const claims = file('claims.json', '{"keyid": "release", "scope": "prod"}');
    const files = await readBundleFiles(await signedDirectory('claims', '--claims-file', claims));
    const keys = [keyOf(other, 'other'), keyOf(rsa, 'release')];
    await expect(verifySignature(files, { keys, scope: 'prod' })).resolves.toBeDefined();
    for (const scope of ['', 'test', undefined]) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(verifySignature(files, { keys, scope })).rejects.toThrow(
        expect.objectContaining({ code: 'SignatureScope' }),
      );
    }
  });

  test('the key of `opa build --verification-key-id`', async () => {
    const files = await readBundleFiles(await build(rsa, 'named', ['--verification-key-id', 'release']));
    const keys = [keyOf(other, 'other'), keyOf(rsa, 'release')];
    await expect(verifySignature(files, { keys, scope: '' })).resolves.toBeDefined();
  });
});

/** Signed anew by the right key, if no other is given. */
const resigned = (
  change: (token: Token) => void,
  key: KeyObject | Uint8Array = createPrivateKey(rsa.signing),
) => signedAnew(change, key);

describe('a signed bundle with one thing changed is refused', () => {
  test.each<[string, Change, string, RegExp]>([
    ['a byte of the data', flip('data.json'), 'SignatureFiles|DataInvalid|BundleUnreadable', /data\.json/],
    [
      'a number, though it is as much',
      (f) => put('data.json', text(f, 'data.json').replace('1.0', '1'))(f),
      'SignatureFiles',
      /data\.json/,
    ],
    ['a byte of the module', flip('policy.wasm'), 'SignatureFiles', /policy\.wasm/],
    ['a byte of a source', flip('csr/mine/p.rego'), 'SignatureFiles', /p\.rego/],
    [
      'a blank in a source',
      (f) => put('csr/mine/p.rego', `${text(f, 'csr/mine/p.rego')}\n`)(f),
      'SignatureFiles',
      /p\.rego/,
    ],
    [
      'a root of the manifest',
      (f) => put('.manifest', text(f, '.manifest').replace('csr/mine"', 'csr/mint"'))(f),
      'SignatureFiles',
      /\.manifest/,
    ],
    ['a byte of the signature', flip('.signatures.json'), 'Signature(Malformed|Invalid)', /./],
    [
      'one file more',
      put('csr/mine/q.rego', 'package csr.mine'),
      'SignatureFiles',
      /not signed: "csr\/mine\/q\.rego"/,
    ],
    ['a data file more', put('csr/data.json', '{}'), 'SignatureFiles', /not signed/],
    ['a file that nobody reads more', put('README', ''), 'SignatureFiles', /not signed: "README"/],
    [
      'one file less',
      (f) => void f.delete('csr/mine/p.rego'),
      'SignatureFiles',
      /not in the bundle: "csr\/mine\/p\.rego"/,
    ],
    [
      'a file by another name',
      (f) => {
        f.set('csr/mine/P.rego', f.get('csr/mine/p.rego') ?? Buffer.of());
        f.delete('csr/mine/p.rego');
      },
      'SignatureFiles',
      /not signed.*P\.rego.*not in the bundle.*p\.rego/,
    ],
    [
      'two files swapped',
      (f) => {
        const a = f.get('policy.wasm') ?? Buffer.of();
        f.set('policy.wasm', f.get('csr/mine/p.rego') ?? Buffer.of());
        f.set('csr/mine/p.rego', a);
      },
      'SignatureFiles',
      /is not what was signed/,
    ],
    ['no signature', (f) => void f.delete('.signatures.json'), 'SignatureMissing', /opa sign/],
    [
      'the signature in another folder',
      (f) => {
        f.set('csr/.signatures.json', f.get('.signatures.json') ?? Buffer.of());
        f.delete('.signatures.json');
      },
      'SignatureMissing',
      /keys are configured/,
    ],
    [
      'two signature files',
      (f) => void f.set('csr/.signatures.json', f.get('.signatures.json') ?? Buffer.of()),
      'SignatureMalformed',
      /several/,
    ],
    ['two signatures', (f) => write(f, token(f), token(f)), 'SignatureMalformed', /2 signatures/],
    ['an empty list of signatures', (f) => write(f), 'SignatureMalformed', /0 signatures/],
    [
      'a signature by a plugin',
      (f) => put('.signatures.json', JSON.stringify({ signatures: [token(f)], plugin: 'mine' }))(f),
      'SignatureMalformed',
      /plugin/,
    ],
    [
      'a key twice in the signature file',
      (f) =>
        put(
          '.signatures.json',
          JSON.stringify({ signatures: [] }).replace('}', `,"signatures":["${token(f)}"]}`),
        )(f),
      'SignatureMalformed',
      /twice/,
    ],
    [
      'a token that is cut off',
      (f) => write(f, token(f).slice(0, -20)),
      'SignatureInvalid',
      /not by key "default"/,
    ],
    [
      'a token of two parts',
      (f) => write(f, token(f).split('.').slice(0, 2).join('.')),
      'SignatureMalformed',
      /three parts/,
    ],
    [
      'a token without signature',
      (f) => write(f, token(f).replace(/[^.]*$/, '')),
      'SignatureInvalid',
      /not by key/,
    ],
    [
      'no algorithm',
      forged(({ header }) => void (header['alg'] = 'none')),
      'SignatureAlgorithm',
      /"none".*RS256/,
    ],
    [
      'no algorithm and no signature',
      async (f) => {
        await forged(({ header }) => void (header['alg'] = 'none'))(f);
        return write(f, token(f).replace(/[^.]*$/, ''));
      },
      'SignatureAlgorithm',
      /"none"/,
    ],
    [
      'another algorithm in the header',
      forged(({ header }) => void (header['alg'] = 'PS256')),
      'SignatureAlgorithm',
      /"PS256"/,
    ],
    [
      'another algorithm of the right key',
      resigned(({ header }) => void (header['alg'] = 'RS512')),
      'SignatureAlgorithm',
      /"RS512"/,
    ],
    [
      'the public key taken for a secret',
      resigned(({ header }) => void (header['alg'] = 'HS256'), Buffer.from(rsa.verifying)),
      'SignatureAlgorithm',
      /"HS256"/,
    ],
    [
      'another payload',
      forged(({ payload }) => void (payload['iss'] = 'me')),
      'SignatureInvalid',
      /not by key/,
    ],
    [
      'the key of somebody else',
      resigned(() => undefined, createPrivateKey(other.signing)),
      'SignatureInvalid',
      /not by key/,
    ],
    [
      'the name of another key',
      resigned(({ header }) => void (header['kid'] = 'release')),
      'SignatureKeyUnknown',
      /key "release".*"default"/,
    ],
    [
      'the name of another key as a claim',
      resigned((t) => {
        delete t.header['kid'];
        t.payload['keyid'] = 'release';
      }),
      'SignatureKeyUnknown',
      /key "release"/,
    ],
    [
      'a name that every object has',
      resigned(({ header }) => void (header['kid'] = 'constructor')),
      'SignatureKeyUnknown',
      /constructor/,
    ],
    [
      'a scope that nobody asked for',
      resigned(({ payload }) => void (payload['scope'] = 'prod')),
      'SignatureScope',
      /"prod"/,
    ],
    [
      'critical extensions',
      forged(({ header }) => void (header['crit'] = ['b64'])),
      'SignatureMalformed',
      /critical/,
    ],
    [
      'no list of files',
      resigned((t) => {
        t.payload = { iss: 'me' } as unknown as Token['payload'];
      }),
      'SignatureMalformed',
      /files/,
    ],
    [
      'a file signed twice',
      resigned(({ payload: { files } }) => files.push(...files.slice(0, 1))),
      'SignatureFiles',
      /signed twice/,
    ],
    [
      'a file signed with two hashes',
      resigned(({ payload: { files } }) =>
        files.push({ name: 'data.json', hash: '00', algorithm: 'SHA-256' }),
      ),
      'SignatureFiles',
      /signed twice: "data\.json"/,
    ],
    ...['MD5', 'SHA-1', 'SHA-224', 'SHA-512-224', 'sha-256', ''].map(
      (algorithm): [string, Change, string, RegExp] => [
        `hash ${algorithm}`,
        resigned(({ payload: { files } }) => {
          for (const f of files) f.algorithm = algorithm;
        }),
        'SignatureHashWeak',
        /expected is one of SHA-256/,
      ],
    ),
    [
      'a weaker hash that fits',
      async (f) => {
        const hash = createHash('md5')
          .update(f.get('policy.wasm') ?? '')
          .digest('hex');
        await resigned(({ payload }) => {
          payload.files = payload.files.map((one) =>
            one.name === 'policy.wasm' ? { name: one.name, hash, algorithm: 'MD5' } : one,
          );
        })(f);
      },
      'SignatureHashWeak',
      /"MD5"/,
    ],
  ])('%s', async (_, change, code, message) => {
    const files = new Map(await readBundleFiles(signed));
    await change(files);
    const archive = await tarGz([...files].map(([name, content]) => ({ name, content })));
    const verdict = verifySignature(await unpackBundle(archive), { keys: [keyOf(rsa)], scope: '' });
    await expect(verdict).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(`^(${code})$`) }),
    );
    await expect(verdict).rejects.toThrow(message);
  });
});

const blank: Change = (f) => put('data.json', text(f, 'data.json').replaceAll(',', ' ,\n'))(f);

test('opa refuses, too, what is not the same bundle', async () => {
  const change = async (name: string, edit: Change) => {
    const files = new Map(await readBundleFiles(signed));
    await edit(files);
    const members = [...files].map(([path, content]) => ({ name: `/${path}`, content }));
    return file(`${name}.tar.gz`, await tarGz(members));
  };
  expect(await opinion(signed, rsa)).toBeUndefined();
  const blanks = await change('blanks', blank);
  expect(await opinion(blanks, rsa)).toBeUndefined();
  const verified = verifySignature(await readBundleFiles(blanks), { keys: [keyOf(rsa)], scope: '' });
  await expect(verified, 'the values are the same, and they are what is read').resolves.toBeDefined();
  for (const [name, edit, said] of [
    [
      'number',
      (f: Files) => put('data.json', text(f, 'data.json').replace('1.0', '1'))(f),
      /digest mismatch/,
    ],
    ['more', put('README', ''), /not included in bundle signature/],
    ['scope', resigned(({ payload }) => void (payload['scope'] = 'prod')), /scope mismatch/],
    ['unsigned', (f: Files) => void f.delete('.signatures.json'), /missing \.signatures\.json/],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one opa after the other
    expect(await opinion(await change(name, edit), rsa), name).toMatch(said);
  }
  const bare = await refusal(['build', '-b', signed, '-o', join(root, 'bare.tar.gz')]);
  expect(bare, 'and a signature that it has no key for').toMatch(/verification key not provided/);
});

const facts = () => [
  '--nodes',
  file('nodes.yaml', stringify(nodes)),
  '--cluster',
  file('cluster.yaml', stringify(cluster)),
];
const configured = (policy: object) =>
  file(
    'config.yaml',
    stringify({ apiVersion: 'rego-csr-approver/v1alpha1', kind: 'ApproverConfiguration', policy }),
  );
const keys = (verifying = rsa.verifying, algorithm = 'RS256') => ({
  keys: { default: { algorithm, file: file('keys/configured.pem', verifying) } },
});
const reviewed = async (policy: object, ...args: string[]) => {
  const { code, out, err } = await run(
    ['review', '-f', '-', ...facts(), '--config', configured(policy), ...args],
    stringify(csrObject()),
  );
  return `${err}${out}exit ${String(code)}`;
};
const unsigned = () =>
  exec(opa, ['build', '-t', 'wasm', '-b', '.', '-o', join(root, 'unsigned.tar.gz')], {
    cwd: dirname(source),
  });

describe('the program', () => {
  let usable: string;
  beforeAll(async () => {
    usable = await build(rsa, 'usable', [], modest);
  });
  test('decides by a signed bundle, be it of the configuration or of the command line', async () => {
    expect(await reviewed({ bundle: usable, ...keys() })).toMatch(/verdict: approve[^]*exit 0$/);
    expect(await reviewed(keys(), '--bundle', usable)).toMatch(/verdict: approve[^]*exit 0$/);
  });

  test('needs no signature of the policy that is built in, and refuses a number that would not stay as it is', async () => {
    expect(await reviewed(keys())).toMatch(/verdict: /);
    expect(await reviewed(keys(), '--bundle', signed)).toMatch(
      /DataInvalid: bundle \S+signed\.tar\.gz: data\.json: csr\.mine\.big/,
    );
  });

  test.each<[string, () => object | Promise<object>, RegExp]>([
    [
      'an unsigned bundle',
      async () => {
        await unsigned();
        return { bundle: join(root, 'unsigned.tar.gz'), ...keys() };
      },
      /SignatureMissing/,
    ],
    ['a signed bundle without a key', () => ({ bundle: usable }), /SignatureUnverifiable: .*policy\.keys/],
    ['the key of somebody else', () => ({ bundle: usable, ...keys(other.verifying) }), /SignatureInvalid/],
    [
      'a scope that the bundle has not',
      () => ({ bundle: usable, ...keys(), scope: 'prod' }),
      /SignatureScope/,
    ],
    [
      'a key that is not there',
      () => ({ bundle: usable, keys: { default: { algorithm: 'RS256', file: join(root, 'none.pem') } } }),
      /KeyUnreadable: policy\.keys\.default: .*none\.pem/,
    ],
    ['the private key', () => ({ bundle: usable, ...keys(rsa.signing) }), /KeyInvalid: .*private key/],
    [
      'a key for another algorithm',
      () => ({ bundle: usable, ...keys(rsa.verifying, 'ES256') }),
      /KeyInvalid: .*type rsa/,
    ],
    [
      'a public key for HMAC',
      () => ({ bundle: usable, ...keys(rsa.verifying, 'HS256') }),
      /KeyInvalid: .*PEM file/,
    ],
    [
      'an algorithm that is none',
      () => ({ bundle: usable, ...keys(rsa.verifying, 'none') }),
      /ConfigInvalid.*policy\.keys\.default\.algorithm/,
    ],
  ])('refuses %s', async (_, policy, message) => {
    const said = await reviewed(await policy());
    expect(said).toMatch(message);
    expect(said).toMatch(/exit 2$/);
    expect(said).not.toContain('PRIVATE KEY-----\n');
  });

  test.each(['capture', 'verify'])('%s refuses an unsigned bundle, too', async (command) => {
    await unsigned();
    const config = configured({ bundle: join(root, 'unsigned.tar.gz'), ...keys() });
    const cases = new URL('../../policies/cases/', import.meta.url).pathname;
    const args = { capture: ['csr-1', '--output', join(root, 'captured')], verify: [cases] }[command] ?? [];
    const kubeconfig = file('kubeconfig', readFileSync(new URL('../unit/cli/files.ts', import.meta.url)));
    const more = command === 'verify' ? [] : ['--kubeconfig', kubeconfig];
    const { code, err } = await run([command, ...args, '--config', config, ...more]);
    expect(err).toContain('SignatureMissing');
    expect(code).toBe(2);
  });

  test('run refuses it, too', async () => {
    await unsigned();
    const config = configured({ bundle: join(root, 'unsigned.tar.gz'), ...keys() });
    const clusters = [{ name: 'none', cluster: { server: 'https://127.0.0.1:1' } }];
    const contexts = [{ name: 'none', context: { cluster: 'none', user: 'none' } }];
    const users = [{ name: 'none', user: { token: 'none' } }];
    const kubeconfig = file(
      'nowhere',
      JSON.stringify({ kind: 'Config', 'current-context': 'none', clusters, contexts, users }),
    );
    const { code, stderr } = await runToEnd(['run', '--config', config, '--kubeconfig', kubeconfig]);
    expect(stderr).toContain('error: SignatureMissing: ');
    expect(code).toBe(2);
  });
});
