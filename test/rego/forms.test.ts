import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { array, constantFrom, oneof, sample, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBundleFiles } from '../../src/bundle/files.ts';
import { withDirectory } from './evaluate.ts';
import { opa } from './opa.ts';
import { policiesPath } from './paths.ts';

/**
 * What the policies' rules say without expressions, for the sake of speed, as the expressions that say it shortly. By
 * rule, evaluated with `text`.
 */
const forms: Readonly<Record<string, { readonly rule: string; readonly means: (text: string) => boolean }>> =
  {
    'ends in a number': {
      rule: 'data.csr.floor.serving.ends_in_number(text)',
      means: (text) => /(^|\.)([0-9]+|0[xX][0-9a-fA-F]*)\.?$/.test(text),
    },
    'a host name': {
      rule: 'data.csr.floor.serving.names_well_formed with input.sans.dns as [text]',
      means: (text) =>
        /^[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)*$/.test(
          text,
        ),
    },
    'a reserved name': {
      rule: 'not data.csr.floor.serving.names_unreserved with input.sans.dns as [text]',
      means: (text) =>
        /(^|\.)(localhost[46]?(\.localdomain[46]?)?|ip6-(localhost|loopback))\.?$/.test(text.toLowerCase()) ||
        text.toLowerCase().split('.')[0] === 'kubernetes' ||
        text.toLowerCase().split('.').includes('svc'),
    },
    'an IPv4 address': {
      rule: 'not contains(text, ":"); data.csr.floor.serving.is_ip(text)',
      means: (text) =>
        /^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.|$)){4}$/.test(text) && !text.endsWith('.'),
    },
    'no IPv6 address with other characters': {
      rule: 'contains(text, ":"); data.csr.floor.serving.is_ip(text); not regex.match(`^[0-9a-f:]+$`, text)',
      means: () => false,
    },
    'the length of a range': {
      rule: 'data.csr.floor.serving._is_short_number(text)',
      means: (text) => /^(0|[1-9][0-9]{0,2})$/.test(text),
    },
    "a node's user": {
      rule: 'data.csr.floor.serving.requestor_is_node with input.requestor.username as text',
      means: (text) => isNodeUser(text),
    },
    "a node's user, to the floor of clients": {
      rule: 'data.csr.floor.client._is_node_user(text)',
      means: (text) => isNodeUser(text),
    },
    'a credential': {
      rule: `data.csr.kubelet_serving.credential_shown with data.csr.kubelet_serving.config.require_credential_id as true
      with input.requestor.extra as {"authentication.kubernetes.io/credential-id": [text]}`,
      means: (text) => /^X509SHA256=[0-9a-f]{64}$/.test(text),
    },
    'a time in UTC': {
      rule: 'data.csr.kubelet_serving._is_utc(text)',
      means: (text) => /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$/.test(text),
    },
    'a time in UTC, of clients': {
      rule: 'data.csr.kubelet_client._is_utc(text)',
      means: (text) => /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$/.test(text),
    },
  };

const isNodeUser = (text: string): boolean =>
  /^system:node:[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);

/** Close to what one form or another wants. */
const long = (length: number) => 'a'.repeat(length);
const digest = '0123456789abcdef'.repeat(4);
const words = [
  ...'0 1 00 01 10 99 100 127 199 249 250 255 256 260 299 300 999 1000 0x 0X 0x7f 0xg 0X1F x a n1 A N1 é'.split(
    ' ',
  ),
  ...'localhost localhost4 localhost46 LOCALHOST localdomain localdomain6 ip6-localhost ip6-loopback'.split(
    ' ',
  ),
  ...'kubernetes svc SVC svc1 system:node:n1 system:node: system:node fd00 ffff ::1 - a- -a'.split(' '),
  ...'2026-11-22T06:00:00Z 2026-11-22T06:00:00 2026-11-22T06:00:0٣Z Z 123Z 12a3Z X509SHA256='.split(' '),
  ...[62, 63, 64].map(long),
  digest,
  digest.slice(1),
  `${digest}0`,
  `X509SHA256=${digest}`,
  `X509SHA256=${digest.toUpperCase()}`,
  '',
  ' ',
  '\n',
  '\u0000',
  '\u212a',
  'ſ',
  '_',
  '*',
];
const piece = constantFrom(...words);
const separator = constantFrom('.', '.', '.', '.', '', '-', ':', '\n');
const texts = oneof(
  tuple(piece, array(tuple(separator, piece), { maxLength: 5 })).map(
    ([first, rest]) => first + rest.map((pair) => pair.join('')).join(''),
  ),
  tuple(piece, piece, piece, piece).map((pieces) => pieces.join('.')),
  tuple(constantFrom('system:node:'), piece, separator, piece).map((pieces) => pieces.join('')),
);

/** A bundle of one rule, which gives the texts of the input that each form holds of. */
function writeForms(directory: string): string {
  const folder = join(directory, 'forms');
  mkdirSync(folder);
  writeFileSync(join(folder, '.manifest'), JSON.stringify({ roots: ['forms'] }));
  const lists = Object.entries(forms).map(
    ([name, { rule }]) => `${JSON.stringify(name)}: [text | some text in input.texts; ${rule}]`,
  );
  writeFileSync(join(folder, 'forms.rego'), `package forms\n\nanswer := {\n${lists.join(',\n')},\n}\n`);
  return folder;
}

type Answer = Readonly<Record<string, readonly string[]>>;

// Those of whole names count characters as well, which is not theirs to say here.
const given = [...new Set([...words, ...sample(texts, { seed: 9, numRuns: 5_000 })])].filter(
  (text) => text.length <= 253,
);

const engines = {
  OPA: async (directory: string, sources: readonly string[]): Promise<readonly Answer[]> => {
    const input = join(directory, 'input.json');
    writeFileSync(input, JSON.stringify({ texts: given }));
    return [JSON.parse(await opa('eval', ...sources, '-i', input, '-f', 'raw', 'data.forms.answer'))];
  },
  WebAssembly: async (directory: string, sources: readonly string[]): Promise<readonly Answer[]> => {
    const archive = join(directory, 'forms.tar.gz');
    await opa('build', ...sources, '-t', 'wasm', '-e', 'forms/answer', '-o', archive);
    const module = (await readBundleFiles(archive)).get('policy.wasm');
    const policy = await loadPolicy(new Uint8Array(module ?? []));
    // An evaluation gives no memory back before its end.
    return Array.from({ length: Math.ceil(given.length / 100) }, (_, part) => {
      const input = { texts: given.slice(part * 100, part * 100 + 100) };
      const [first] = policy.evaluate(input, 'forms/answer') as readonly { readonly result: Answer }[];
      if (first === undefined) throw new Error('undefined');
      return first.result;
    });
  },
};

describe.each(Object.entries(engines))('on %s', (_, evaluate) => {
  it('says without expressions what expressions would say', { timeout: 240_000 }, async () => {
    await withDirectory(async (directory) => {
      const bundles = [policiesPath('floor'), policiesPath('default'), writeForms(directory)];
      const sources = [...bundles.flatMap((bundle) => ['-b', bundle]), '--ignore', '*_test.rego'];
      const answers = await evaluate(directory, sources);
      for (const [name, { means }] of Object.entries(forms)) {
        const said = answers.flatMap((answer) => answer[name] ?? []);
        expect(said, name).toEqual(given.filter(means));
      }
    });
  });
});
