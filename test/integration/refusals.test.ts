import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { BundleCode } from '../documents/bundle-codes.ts';
import { bundleLimits, readBundleFiles } from '../../src/bundle/files.ts';
import { tarGz, type Member } from '../support/bundle.ts';
import { run } from '../support/command-line.ts';
import { csrObject } from '../support/csr-object.ts';
import { withGlobal } from '../support/wasm.ts';
import { ensureTool } from '../tools/ensure.ts';
import { cluster, nodes } from '../unit/cli/files.ts';

/** Every code with which a policy is refused, each by one thing changed of a signed bundle that the real opa built. */

const exec = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'refusals-test-'));
afterAll(() => rmSync(root, { recursive: true }));

const SIGNER = 'kubernetes.io/kubelet-serving';
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const sources = {
  '.manifest': '{"roots": ["csr/mine"]}',
  'csr/mine/data.yaml': 'lookups: {}',
  'csr/mine/decision.rego': `package csr.mine

# METADATA
# entrypoint: true
# custom: {signer_name: ${SIGNER}, facts: {node: true, lookups_from: csr.mine.lookups}}
decision := {"allow": allow, "deny": set(), "wait": set(), "warn": set(), "config_errors": set()}

default allow := false

allow if input.node.found
`,
} as const;

type Sources = Record<string, string>;
type Files = Map<string, Uint8Array>;

interface Row {
  /** Of the sources, before opa builds them. */
  readonly sources?: (sources: Sources) => void;
  /** How opa builds them. */
  readonly args?: readonly string[];
  /** Of the files of the bundle that opa has built. */
  readonly files?: (files: Files) => void;
  /** Of the archive. */
  readonly archive?: (archive: Uint8Array) => Uint8Array;
  readonly config?: { readonly policy?: object; readonly signers?: readonly string[] };
  readonly bundle?: string;
  /** Most changes also break the signature: then there is none. */
  readonly signed?: true;
  readonly says: RegExp;
}

const edit = (from: string | RegExp, to: string) => (all: Sources) => {
  const path = 'csr/mine/decision.rego';
  all[path] = (all[path] ?? '').replace(from, to);
};
const manifest = (change: (value: Record<string, unknown>) => void) => (files: Files) => {
  const value = JSON.parse(Buffer.from(files.get('.manifest') ?? '').toString()) as Record<string, unknown>;
  change(value);
  files.set('.manifest', Buffer.from(JSON.stringify(value)));
};
const member =
  (path: string, content: string | Uint8Array = '') =>
  (files: Files) =>
    void files.set(path, Buffer.from(content));
const second = (custom: string) => (all: Sources) =>
  void (all['csr/mine/strict.rego'] = `package csr.mine

# METADATA
# entrypoint: true
# custom: ${custom}
strict := object.union(decision, {"allow": false})
`);
const key = (change: object) => ({
  policy: { keys: { default: { algorithm: 'RS256', file: join(root, 'key.pem'), ...change } } },
});
const signature = (change: (token: string) => readonly string[]) => (files: Files) => {
  const path = '.signatures.json';
  const { signatures } = JSON.parse(Buffer.from(files.get(path) ?? '').toString()) as {
    signatures: string[];
  };
  member(path, JSON.stringify({ signatures: change(signatures[0] ?? '') }))(files);
};
const header = (change: object) =>
  signature((token) => {
    const [head = '', ...rest] = token.split('.');
    const value = JSON.parse(Buffer.from(head, 'base64url').toString()) as object;
    return [[Buffer.from(JSON.stringify({ ...value, ...change })).toString('base64url'), ...rest].join('.')];
  });

const refusals: Readonly<Record<BundleCode, Row>> = {
  BundleNotFound: { bundle: join(root, 'none.tar.gz'), says: /none\.tar\.gz/ },
  BundleUnreadable: { archive: (bytes) => Buffer.concat([bytes, bytes]), says: /one gzip member/ },
  BundleTooLarge: {
    files: member('csr/mine/x', Buffer.alloc(bundleLimits.entryBytes + 1)),
    says: /x.*more than/,
  },
  BundlePathInvalid: { files: member('csr/../../etc/passwd'), says: /"\/csr\/\.\.\/\.\.\/etc\/passwd"/ },
  BundleEntryRefused: { files: member('LINK'), says: /"LINK" is a symbolic link/ },
  BundleDelta: { files: member('patch.json', '{"data": []}'), says: /delta/ },
  ManifestMissing: { files: (files) => void files.delete('.manifest'), says: /\.manifest.*opa build -b/ },
  ManifestInvalid: { files: manifest((value) => void (value['revision'] = 7)), says: /revision/ },
  RegoVersionUnknown: { files: manifest((value) => void (value['rego_version'] = 2)), says: /version 2/ },
  RootsInvalid: { args: ['-t', 'wasm', 'csr'], says: /roots.*opa build -b/ },
  DataInvalid: {
    sources: (all) => void (all['csr/mine/data.yaml'] = 'big: 9007199254740993'),
    says: /csr\.mine\.big/,
  },
  WasmMissing: { args: ['-b', '.'], says: /opa build -t wasm/ },
  WasmAmbiguous: { files: member('csr/mine/policy.wasm'), says: /csr\/mine\/policy\.wasm/ },
  WasmInvalid: {
    files: (files) =>
      void files.set('policy.wasm', (files.get('policy.wasm') ?? Buffer.of()).subarray(0, -9)),
    says: /not a WebAssembly module/,
  },
  AbiUnsupported: {
    files: (files) =>
      void files.set(
        'policy.wasm',
        withGlobal(files.get('policy.wasm') ?? Buffer.of(), 'opa_wasm_abi_version', 2),
      ),
    says: /ABI 2\.\d: 1\.2/,
  },
  BuiltinUnsupported: {
    sources: edit(
      /$/,
      '\n\n# crypto.sha256(1)\nfresh(x) := $"{crypto.sha256(x)}"\n\nallow if fresh(input.name) == time.format(1)\n',
    ),
    says: /crypto\.sha256 \(in fresh at csr\/mine\/decision\.rego:\d+\), time\.format \(in allow at csr\/mine\/decision\.rego:\d+\)/,
  },
  AnnotationsMissing: { args: ['-O=1', '-t', 'wasm', '-b', '.'], says: /without -O/ },
  AnnotationInvalid: { sources: edit('node: true', 'moon: true'), says: /moon.*known facts/ },
  SignerNotSupported: { sources: edit(SIGNER, 'example.com/mine'), says: /example\.com\/mine/ },
  EntrypointMissing: {
    config: { signers: [SIGNER, 'kubernetes.io/kube-apiserver-client-kubelet'] },
    says: /no entrypoint.*client-kubelet/,
  },
  EntrypointAmbiguous: {
    sources: second(`{signer_name: ${SIGNER}}`),
    says: /csr\/mine\/decision.*csr\/mine\/strict.*policy\.entrypoints/,
  },
  FactsConflict: {
    sources: (all) => {
      edit('node: true', 'sar: {a: {resource: pods, verb: get}}')(all);
      second(`{signer_name: ${SIGNER}, facts: {sar: {a: {resource: pods, verb: list}}}}`)(all);
    },
    config: { policy: { entrypoints: { [SIGNER]: 'csr/mine/decision' } } },
    says: /access review a/,
  },
  LookupInvalid: {
    sources: (all) => void (all['csr/mine/data.yaml'] = 'lookups: {m: {query: {version: v1}}}'),
    says: /csr\.mine\.lookups\.m/,
  },
  DecisionInvalid: { sources: edit('"allow": allow', '"allow": 1'), says: /allow/ },
  MaskInvalid: {
    sources: (all) => {
      all['.manifest'] = '{"roots": ["csr/mine", "system/log"]}';
      all['system/log/mask.rego'] = 'package system.log\n\nmask contains "/input/requestor"\n';
    },
    says: /system\/log\/mask\.rego.*entrypoint: true/,
  },
  ConfigErrors: {
    sources: edit('"config_errors": set()', '"config_errors": {"wrong knob"}'),
    says: /wrong knob/,
  },
  KeyUnreadable: { signed: true, config: key({ file: join(root, 'none.pem') }), says: /none\.pem/ },
  KeyInvalid: { signed: true, config: key({ algorithm: 'ES256' }), says: /type rsa/ },
  SignatureMissing: { config: key({}), says: /opa sign/ },
  SignatureUnverifiable: { signed: true, config: {}, says: /policy\.keys/ },
  SignatureMalformed: { signed: true, files: signature((token) => [token, token]), says: /2 signatures/ },
  SignatureKeyUnknown: { signed: true, files: header({ kid: 'release' }), says: /"release"/ },
  SignatureAlgorithm: { signed: true, files: header({ alg: 'none' }), says: /"none"/ },
  SignatureInvalid: { signed: true, files: header({ typ: 'JWS' }), says: /not by key/ },
  SignatureScope: { signed: true, config: { policy: { ...key({}).policy, scope: 'prod' } }, says: /"prod"/ },
  SignatureFiles: { signed: true, files: member('README'), says: /not signed: "README"/ },
  SignatureHashWeak: { signed: true, files: (files) => files.set('.signatures.json', weak), says: /"SHA-1"/ },
};

/** A signature of the same bundle by a key that is configured, over a hash that is too weak; made below. */
let weak: Uint8Array = new Uint8Array();
let opa: string;
beforeAll(async () => {
  opa = await ensureTool('opa');
  writeFileSync(join(root, 'key.pem'), publicKey);
  writeFileSync(join(root, 'private.pem'), privateKey);
  const { CompactSign } = await import('jose');
  const { createPrivateKey } = await import('node:crypto');
  const files = [...(await readBundleFiles(await build('weak', {}))).keys()].map((name) => ({
    name,
    hash: '00',
    algorithm: 'SHA-1',
  }));
  const token = await new CompactSign(Buffer.from(JSON.stringify({ files })))
    .setProtectedHeader({ alg: 'RS256', kid: 'default' })
    .sign(createPrivateKey(privateKey));
  weak = Buffer.from(JSON.stringify({ signatures: [token] }));
});

async function build(name: string, row: Partial<Row>): Promise<string> {
  const directory = join(root, name);
  const all: Sources = { ...sources };
  row.sources?.(all);
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  const output = `${directory}.tar.gz`;
  const signing = row.signed === true ? ['--signing-key', join(root, 'private.pem')] : [];
  await exec(opa, ['build', ...(row.args ?? ['-t', 'wasm', '-b', '.']), ...signing, '-o', output], {
    cwd: directory,
  });
  if (row.files !== undefined || row.archive !== undefined) {
    const files = new Map(await readBundleFiles(output));
    row.files?.(files);
    const members = [...files].map(([path, content]): Member =>
      path === 'LINK'
        ? { name: path, type: 'symlink', linkname: '/etc/passwd' }
        : { name: `/${path}`, content },
    );
    const archive = await tarGz(members);
    writeFileSync(output, row.archive?.(archive) ?? archive);
  }
  return output;
}

async function reviewed(name: string, row: Partial<Row>): Promise<string> {
  const write = (file: string, content: object) => {
    const path = join(root, `${name}-${file}`);
    writeFileSync(path, stringify(content));
    return path;
  };
  const config = {
    apiVersion: 'rego-csr-approver/v1alpha1',
    kind: 'ApproverConfiguration',
    ...(row.config ?? (row.signed && key({}))),
  };
  const args = [
    '--nodes',
    write('nodes.yaml', nodes),
    '--cluster',
    write('cluster.yaml', cluster),
    '--config',
    write('config.yaml', config),
  ];
  const bundle = row.bundle ?? (await build(name, row));
  const { code, out, err } = await run(
    ['review', '-f', '-', ...args, '--bundle', bundle],
    stringify(csrObject()),
  );
  return `${err}${out}exit ${String(code)}`;
}

describe('the bundle with nothing changed is good', () => {
  test.each<[string, Partial<Row>]>([
    ['unsigned', {}],
    ['signed', { signed: true }],
    ['unpacked and packed again', { files: () => undefined }],
  ])('%s', async (name, row) => {
    expect(await reviewed(name, row)).toMatch(/verdict: approve[^]*exit 0$/);
  });
});

test.each(Object.entries(refusals))('%s', async (code, row) => {
  const said = await reviewed(code, row);
  expect(said).toMatch(new RegExp(`^error: ${code}: `));
  expect(said).toMatch(row.says);
  expect(said).toMatch(/exit 2$/);
});

const olderMinor = (all: Files) =>
  void all.set(
    'policy.wasm',
    withGlobal(all.get('policy.wasm') ?? Buffer.of(), 'opa_wasm_abi_minor_version', 1),
  );

test('a minor version of the ABI that the engine cannot speak', async () => {
  expect(await reviewed('minor', { files: olderMinor })).toMatch(/^error: AbiUnsupported: .*1\.1/);
});
