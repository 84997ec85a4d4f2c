import { BEGIN, END, toPEM } from '../../support/csr.ts';
import { bytes, concat } from '../../support/der.ts';
import type { Random } from './random.ts';
import type { Mutation } from './tree.ts';
import { other } from './seeds.ts';

/** A change to one line of the text. */
const line =
  (change: (text: string, random: Random) => string): Mutation =>
  (draft, random) =>
    draft.text.push((text) => {
      const lines = text.split('\n');
      const at = random.int(lines.length);
      lines[at] = change(lines[at] ?? '', random);
      return lines.join('\n');
    });

const whole =
  (change: (text: string, random: Random) => string): Mutation =>
  (draft, random) =>
    draft.text.push((text) => change(text, random));

const STRAY = [' ', '\t', '\r', '\n', '\0', '\v', '\xa0', '=', '-', ':', 'a', '#', '\xef\xbb\xbf'];

const insertStray = (text: string, random: Random): string => {
  const at = random.int(text.length + 1);
  return text.slice(0, at) + random.pick(STRAY) + text.slice(at);
};

const replaceCharacter = (text: string, random: Random): string => {
  const at = random.int(text.length + 1);
  return text.slice(0, at) + String.fromCharCode(random.int(256)) + text.slice(at + 1);
};

const headers = (text: string, random: Random): string =>
  text.replace(
    '\n',
    `\n${random.pick(['a: b', 'a:b', ':', 'Proc-Type: 4,ENCRYPTED', 'a: b\n c'])}\n${random.pick(['', '\n'])}`,
  );

const secondBlock = (text: string, random: Random): string => {
  const second = toPEM(other).replaceAll(
    'CERTIFICATE REQUEST',
    random.pick(['CERTIFICATE REQUEST', 'CERTIFICATE', 'X']),
  );
  const between = random.pick(['', '\n', 'x\n', ' ', '-----']);
  return random.chance(0.5) ? text + between + second : second + between + text;
};

const label = (text: string, random: Random): string => {
  const changed = random.pick([
    'NEW CERTIFICATE REQUEST',
    'CERTIFICATE',
    'certificate request',
    'CERTIFICATE  REQUEST',
    '',
  ]);
  return random.chance(0.5)
    ? text.replaceAll('CERTIFICATE REQUEST', changed)
    : text.replace(random.pick([BEGIN, END]), `-----END ${changed}-----`);
};

const base64Bits = (text: string, random: Random): string =>
  text.replace(
    /(.)(=+\n)/,
    (_, last: string, rest: string) => String.fromCharCode(last.charCodeAt(0) + 1 + random.int(3)) + rest,
  );

const wrapAt = (text: string, random: Random): string => {
  const [, begin = '', body = '', end = ''] = /^(-.*-)\n([^-]*)\n(-[^]*)$/.exec(text) ?? [];
  const columns = random.pick([4, 48, 60, 63, 65, 76, 100_000]);
  return [begin, ...(body.replaceAll('\n', '').match(new RegExp(`.{1,${columns}}`, 'g')) ?? []), end].join(
    '\n',
  );
};

/** In the text around the request, where one reader skips what another one reads. */
export const armourMutations: Readonly<Record<string, Mutation>> = {
  strayInLine: line(insertStray),
  spaceAfterLine: line((text, random) => text + random.pick([' ', '\t', '\r', '  '])),
  spaceBeforeLine: line((text, random) => random.pick([' ', '\t']) + text),
  blankLine: line((text) => `${text}\n`),
  joinLine: whole((text, random) => {
    const at = text
      .split('\n')
      .slice(0, random.int(6) + 1)
      .join('\n').length;
    return text.slice(0, at) + text.slice(at + 1);
  }),
  dropLine: line(() => ''),
  character: whole(replaceCharacter),
  stray: whole(insertStray),
  headers: whole(headers),
  secondBlock: whole(secondBlock),
  label: whole(label),
  base64Bits: whole(base64Bits),
  wrapAt: whole(wrapAt),
  crlf: whole((text) => text.replaceAll('\n', '\r\n')),
  around: whole((text, random) => random.pick(['x\n', '\n', ' ', '\0', BEGIN]) + text),
  after: whole((text, random) => text + random.pick(['x\n', '\n', ' ', '\0', `${BEGIN}\n`, `${END}\n`])),
  cut: whole((text, random) => text.slice(0, text.length - random.int(40))),
};

/** In the signed bytes: the signature no longer fits, which is what most bit flips come to. */
export const byteMutations: Readonly<Record<string, Mutation>> = {
  flip: (draft, random) =>
    draft.der.push((der) => {
      const at = random.int(der.length);
      return der.map((octet, i) => (i === at ? octet ^ (1 << random.int(8)) : octet));
    }),
  append: (draft, random) =>
    draft.der.push((der) => concat(der, random.pick([bytes(0), bytes(0x30, 0), other]))),
  truncate: (draft, random) => draft.der.push((der) => der.slice(0, random.int(der.length))),
};
