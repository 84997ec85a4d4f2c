/**
 * Rules that hold for several packages, word for word: a bundle cannot import another bundle, and each package must say
 * all that holds by itself. They are written in one place; this copies them to the others.
 *
 *     node test/rego/shared.ts
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { policiesPath } from './paths.ts';

interface Copy {
  readonly from: string;
  readonly to: string;
  /** Which rules, by the name of their file without extension; their tests go with them. */
  readonly rules: (name: string) => boolean;
}

const floor = 'floor/csr/floor';
const policies = 'default/csr';

/** The floor's own lists of requirements; the default policy has its own. */
const isShared = (name: string): boolean => name !== 'requirements';
/** The documents that its unit tests change, too: the default policy asks for more facts. */
const isSharedForServing = (name: string): boolean => isShared(name) && name !== 'fixture';

/** In this order: a file may be copied on from where it was copied to. */
const copies: readonly Copy[] = [
  {
    from: `${floor}/serving`,
    to: `${floor}/client`,
    rules: (name) => ['organization', 'text'].includes(name),
  },
  { from: `${floor}/serving`, to: `${policies}/kubelet_serving`, rules: isSharedForServing },
  { from: `${floor}/client`, to: `${policies}/kubelet_client`, rules: isShared },
  {
    from: `${policies}/kubelet_serving`,
    to: `${policies}/kubelet_client`,
    rules: (name) => ['expiration', 'key'].includes(name),
  },
];

interface File {
  readonly path: string;
  readonly text: string;
}

/** The files of one folder that are another's, with what they must hold. */
function filesOf({ from, to, rules }: Copy): File[] {
  const names = readdirSync(policiesPath(from)).filter((name) => rules(name.replace(/(_test)?\.rego$/, '')));
  return names.sort().map((name) => {
    const text = readFileSync(policiesPath(`${from}/${name}`), 'utf8');
    return { path: policiesPath(`${to}/${name}`), text: text.replaceAll(packageOf(from), packageOf(to)) };
  });
}

/** `floor/csr/floor/client` holds package `csr.floor.client`. */
function packageOf(folder: string): string {
  return folder.split('/').slice(1).join('.');
}

/** Every file that is written elsewhere, with what it must hold. */
export function sharedFiles(): Map<string, string> {
  return new Map(copies.flatMap(filesOf).map(({ path, text }) => [path, text]));
}

/** Names of the files that are not as their source has them. */
export function staleFiles(): string[] {
  return [...sharedFiles()].flatMap(([path, text]) =>
    existsSync(path) && readFileSync(path, 'utf8') === text ? [] : [path],
  );
}

if (import.meta.main) {
  for (const copy of copies) for (const { path, text } of filesOf(copy)) writeFileSync(path, text);
}
