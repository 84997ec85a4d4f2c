/** One import of a source file. */
export interface Import {
  /** As written: `./x.ts`, `node:fs`, `zod`. */
  readonly target: string;
  /** Of the braces, as the other module calls them; undefined where the whole module is meant. */
  readonly names: readonly string[] | undefined;
  /** Gone once the types are stripped. */
  readonly typeOnly: boolean;
}

/** `import … from 'x'`, `export … from 'x'`, over one line or several. */
const fromClause = /^(?:import|export)\s+(type\s)?([^'"`;]*?)\s*\bfrom\s+(['"])([^'"]+)\3/gm;
const sideEffect = /^import\s+(['"])([^'"]+)\1/gm;
const atRunTime = /\bimport\(\s*(['"])([^'"]+)\1/g;
/** Any text that names a file of ours: `new URL('./x.ts', import.meta.url)`, by which a thread gets its program. */
const fileName = /(['"])(\.\.?\/[^'"\s]+\.ts)\1/g;
/** What brings in a module without saying which to whoever reads the source. */
const hidden =
  /\bimport\(\s*[^'"\s]|\brequire\(|\bcreateRequire\b|\bgetBuiltinModule\b|\bimport\.meta\.resolve\b/;

/** Every import of a TypeScript file, in the forms that oxfmt leaves. @throws Error where one cannot be read */
export function importsOf(source: string): Import[] {
  const text = withoutComments(source);
  const unread = hidden.exec(text)?.[0];
  if (unread !== undefined) throw new Error(`import a module by name: ${unread}`);
  const named = [...text.matchAll(fromClause)].map(([, type, clause = '', , target = '']) => ({
    target,
    names: namesOf(clause),
    typeOnly: type !== undefined,
  }));
  const known = new Set(named.map(({ target }) => target));
  const whole = [sideEffect, atRunTime, fileName]
    .flatMap((form) => [...text.matchAll(form)].map(([, , target = '']) => target))
    .filter((target) => !known.has(target));
  return [...named, ...[...new Set(whole)].map((target) => ({ target, names: undefined, typeOnly: false }))];
}

function namesOf(clause: string): readonly string[] | undefined {
  const braces = /^\{([^}]*)\}$/.exec(clause)?.[1];
  return braces
    ?.split(',')
    .map((name) => name.trim().replace(/^type\s+/, ''))
    .map((name) => name.split(/\s/)[0] ?? '')
    .filter((name) => name !== '');
}

/** Comments at the begin of a line only: `//` elsewhere may be part of a text. */
export function withoutComments(source: string): string {
  return source.replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, '').replaceAll(/^\s*\/\/.*$/gm, '');
}
