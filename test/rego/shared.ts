/**
 * The default policy holds rules of the floor word for word: a bundle cannot import another bundle, and it must say
 * all that holds by itself. They are written in the floor; this copies them.
 *
 *     node test/rego/shared.ts
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { policiesPath } from './paths.ts';

const floor = 'floor/csr/floor/serving';
const copy = 'default/csr/kubelet_serving';

/** The floor's own list of requirements, and its fixture: the default policy asks for more, also of facts. */
const notShared = new Set(['requirements.rego', 'requirements_test.rego', 'fixture_test.rego']);

/** Each file of the default policy that is the floor's, with what it must hold. */
export function sharedFiles(): Map<string, string> {
  const names = readdirSync(policiesPath(floor)).filter((name) => !notShared.has(name));
  return new Map(
    names.sort().map((name) => {
      const text = readFileSync(policiesPath(`${floor}/${name}`), 'utf8');
      return [policiesPath(`${copy}/${name}`), text.replaceAll('csr.floor.serving', 'csr.kubelet_serving')];
    }),
  );
}

/** Names of the files that are not as the floor has them. */
export function staleFiles(): string[] {
  return [...sharedFiles()].flatMap(([path, text]) =>
    existsSync(path) && readFileSync(path, 'utf8') === text ? [] : [path],
  );
}

if (import.meta.main) {
  for (const [path, text] of sharedFiles()) writeFileSync(path, text);
}
