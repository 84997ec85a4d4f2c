/** Reason codes of floor and default policy, from the METADATA of their rules: the table of policies/README.md. */
import { z } from 'zod';
import { buildBundle, bundleNames, withDirectory } from './evaluate.ts';
import { opa } from './opa.ts';

const kinds = ['deny', 'wait', 'warn', 'violation'] as const;
type ReasonKind = (typeof kinds)[number];

export interface DocumentedCode {
  readonly code: string;
  readonly kind: ReasonKind;
  /** Packages that give it, without the `csr.` that all begin with. */
  readonly packages: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly remedy: string;
}

const inspected = z.looseObject({
  annotations: z.array(
    z.looseObject({
      annotations: z.looseObject({
        title: z.string().optional(),
        description: z.string().optional(),
        custom: z.looseObject({ code: z.string().optional(), remedy: z.string().optional() }).optional(),
      }),
      path: z.array(z.looseObject({ value: z.string() })),
    }),
  ),
});

/**
 * Every code that a rule declares, sorted by kind and code. A code that two signers give for different causes is there
 * twice: what it means is the same, what to do is not.
 */
export async function documentedCodes(): Promise<DocumentedCode[]> {
  const found = new Map<string, DocumentedCode>();
  for (const bundle of bundleNames) {
    const text = await withDirectory(async (directory) =>
      opa('inspect', '-a', '-f', 'json', await buildBundle(bundle, directory)),
    );
    for (const { annotations, path } of inspected.parse(JSON.parse(text)).annotations) {
      const code = annotations.custom?.code;
      if (code === undefined) continue;
      const rule = path.at(-1)?.value ?? '';
      const kind = kinds.find((name) => rule === name || rule.endsWith(`_${name}`));
      if (kind === undefined) throw new TypeError(`${code}: a rule named ${rule} gives no reasons`);
      const texts = {
        title: required(code, 'title', annotations.title),
        description: required(code, 'description', annotations.description),
        remedy: required(code, 'remedy', annotations.custom?.remedy),
      };
      const key = JSON.stringify([code, kind, texts]);
      const packages = [...(found.get(key)?.packages ?? []), packageOf(path)];
      found.set(key, { code, kind, packages, ...texts });
    }
  }
  const rank = ({ kind, code, packages }: DocumentedCode): string =>
    `${String(kinds.indexOf(kind))} ${code} ${packages.join()}`;
  return [...found.values()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** The path is `data`, `csr`, the package, the rule. */
function packageOf(path: readonly { readonly value: string }[]): string {
  return path
    .slice(2, -1)
    .map(({ value }) => value)
    .join('.');
}

function required(code: string, field: string, text: string | undefined): string {
  if (text === undefined || text.trim() === '') throw new TypeError(`${code}: METADATA has no ${field}`);
  return text.trim().replaceAll(/\s+/g, ' ');
}

/** The table in Markdown. */
export async function codesTable(): Promise<string> {
  const rows = (await documentedCodes()).map(({ code, kind, packages, title, description, remedy }) => {
    const cells = [`\`${code}\``, kind, packages.join(', '), title, description, remedy];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const head = '| code | kind | from | meaning | likely cause | what to do |';
  return [head, '|---|---|---|---|---|---|', ...rows].join('\n');
}
