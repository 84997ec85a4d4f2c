import type { Token } from './rego.ts';
import { beginsRule, keywords, packageOf, tokens } from './rego.ts';

/** A path that a rule names: `input.sans.dns`, `data.csr.mine.config`, `_helper`, `base.deny`. */
export type Reference = readonly string[];

/** One rule as far as it is read: its name, and what it refers to, each once. */
export interface RegoRule {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly references: readonly Reference[];
  /** Its value is that of its one reference, and nothing else. */
  readonly isAlias: boolean;
}

/** A source in outline. Local variables count as references: whoever follows them finds nothing. */
export interface RegoModule {
  /** Dotted path. */
  readonly package: string;
  /** Names of imports, with the path that each stands for. */
  readonly imports: ReadonlyMap<string, Reference>;
  readonly rules: readonly RegoRule[];
}

/** Most references that are kept of one rule. */
const maxReferences = 256;

class RuleDraft {
  readonly name: string;
  readonly line: number;
  readonly references = new Map<string, string[]>();
  #signs = '';
  /** The reference that a `["key"]` may follow, and how much of that has come. */
  #last: { readonly path: string[]; key?: string } | undefined;

  constructor({ text, line }: Token) {
    this.name = text;
    this.line = line;
  }

  add({ text, kind }: Token): void {
    if (kind === 'name') {
      this.#keep();
      if (!keywords.has(text)) this.#last = { path: text.split('.') };
    } else if (kind === 'string' && this.#signs.endsWith('[') && this.#last !== undefined) {
      this.#last.key = text;
    } else if (text === ']' && this.#last?.key !== undefined) {
      this.#last.path.push(unquoted(this.#last.key));
      this.#keep();
    } else if (text !== '[') {
      this.#keep();
    }
    // As many as tell an alias from another rule, and the last one.
    if (kind !== 'name') this.#signs = `${this.#signs.slice(0, 8)}${kind === 'sign' ? text : '"'}`.slice(-9);
  }

  done(): RegoRule {
    this.#keep();
    const references = [...this.references.values()];
    const isAlias = this.#signs === ':=' && references.length === 1;
    return { name: this.name, line: this.line, references, isAlias };
  }

  #keep(): void {
    const path = this.#last?.path;
    this.#last = undefined;
    if (path === undefined || /^\d/.test(path[0] ?? '') || this.references.size >= maxReferences) return;
    this.references.set(path.join('\0'), path);
  }
}

function unquoted(text: string): string {
  return text.slice(1, -1);
}

/** Reads a source in outline; of what opa would not compile it makes something, and never fails. */
export function readModule(source: string): RegoModule {
  const rules: RegoRule[] = [];
  const imports = new Map<string, Reference>();
  let draft: RuleDraft | undefined;
  let imported: string[] | undefined;
  let previous: Token | undefined;
  for (const token of tokens(source)) {
    const isName = token.kind === 'name';
    if (isName && previous?.text === 'import') {
      imported = token.text.split('.');
      imports.set(imported.at(-1) ?? '', imported);
    } else if (isName && previous?.text === 'as' && imported !== undefined) {
      imports.delete(imported.at(-1) ?? '');
      imports.set(token.text, imported);
      imported = undefined;
    } else if (beginsRule(token, previous) || (isName && previous?.text === 'default' && token.depth === 0)) {
      if (draft !== undefined) rules.push(draft.done());
      draft = new RuleDraft(token);
      imported = undefined;
    } else draft?.add(token);
    previous = token;
  }
  if (draft !== undefined) rules.push(draft.done());
  return { package: packageOf(source)?.join('.') ?? '', imports, rules };
}
