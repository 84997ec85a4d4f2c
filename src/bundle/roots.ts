import { PolicyError } from './error.ts';
import { packageOf } from './rego.ts';

/** A bundle must say what it owns, so that nothing outside of it can be taken for its data. */
export function checkRoots(roots: readonly string[] | undefined): readonly string[] {
  const named = (roots ?? []).map((root) => root.replace(/^\/+|\/+$/g, ''));
  if (named.length === 0 || named.includes('')) {
    throw new PolicyError(
      'RootsInvalid',
      'the manifest must name the bundle\'s roots, for example {"roots": ["csr/kubelet_serving"]}, and build with `opa build -b`',
    );
  }
  for (const [index, root] of named.entries()) {
    const other = named.find((path, at) => at !== index && isInside([root], path.split('/')));
    if (other !== undefined) {
      throw new PolicyError(
        'RootsInvalid',
        `the roots ${root} and ${other} of the manifest overlap: name one`,
      );
    }
  }
  return named;
}

/** Whether the path is a root, or below one. */
export function isInside(roots: readonly string[], path: readonly string[]): boolean {
  return roots.some((root) => root.split('/').every((part, index) => part === path[index]));
}

/** Rules must be the bundle's own, like data: opa refuses others, too. */
export function checkPackages(sources: ReadonlyMap<string, string>, roots: readonly string[]): void {
  for (const [path, source] of sources) {
    const name = packageOf(source);
    if (name === undefined || !isInside(roots, name)) {
      throw new PolicyError(
        'RootsInvalid',
        `${path}: package ${name?.join('.') ?? '(none)'} is outside of the bundle's roots (${roots.join(', ')})`,
      );
    }
  }
}
