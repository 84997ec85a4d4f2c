import { parse as parseYaml } from 'yaml';
import { packageOf } from '../bundle/rego.ts';

/** What a rule's METADATA says of the reason that it gives. */
export interface ReasonCode {
  readonly code: string;
  readonly title: string;
  readonly description: string;
  readonly remedy: string;
}

/**
 * How much is read, in characters: sources, blocks in them, and one block. The thread that watches reads them, whoever wrote
 * them. The default policy's blocks have 36 Ki, the longest of them 701.
 */
const most = { sources: 4 * 1024 * 1024, blocks: 256 * 1024, block: 4 * 1024 } as const;

/** A rule whose METADATA has a code, and where it is written. */
export interface ReasonRule extends ReasonCode {
  /** Dotted path. */
  readonly package: string;
  readonly name: string;
  /** Path in the bundle, without the slash that it begins with. */
  readonly file: string;
  /** From 1: that of the rule, below its METADATA. */
  readonly line: number;
}

/** What the METADATA of a bundle says of reasons. */
export interface ReasonMetadata {
  /** In the order of the sources. */
  readonly rules: readonly ReasonRule[];
  /** Packages that say in their own METADATA which signer they judge (`custom.signer_name`), and no other. */
  readonly signers: ReadonlyMap<string, string>;
}

/**
 * Rules of a bundle that declare a reason code, as `custom.code` of their METADATA.
 *
 * Their codes bound the metric label: a code made up at run time, perhaps from a request's text, counts as `Other`. So
 * does one that lies beyond what is read of a bundle.
 */
export function readReasons(sources: ReadonlyMap<string, string>): ReasonMetadata {
  const rules: ReasonRule[] = [];
  const signers = new Map<string, string>();
  const left: Record<'sources' | 'blocks', number> = { sources: most.sources, blocks: most.blocks };
  for (const [path, source] of sources) {
    left.sources -= source.length;
    if (left.sources < 0) break;
    for (const { text, line, head } of metadataBlocks(source)) {
      if (text.length > most.block || text.length > left.blocks) continue;
      left.blocks -= text.length;
      const block = parseQuietly(text);
      const custom = isObject(block) ? block['custom'] : undefined;
      if (!isObject(block) || !isObject(custom)) continue;
      const { code, signer_name: signer } = custom;
      const inPackage = () => packageOf(source)?.join('.') ?? '';
      const name = nameOf(head);
      if (name === 'package' && typeof signer === 'string') signers.set(inPackage(), signer);
      if (typeof code !== 'string') continue;
      rules.push({
        code,
        title: textOf(block['title']),
        description: textOf(block['description']),
        remedy: textOf(custom['remedy']),
        package: inPackage(),
        name,
        file: fileOf(path),
        line,
      });
    }
  }
  return { rules, signers };
}

/** By code; of several rules with one code, the last. */
export function reasonCodes({ rules }: ReasonMetadata): ReadonlyMap<string, ReasonCode> {
  return new Map(rules.map((rule) => [rule.code, rule]));
}

/** Members of a bundle begin with a slash, which says nothing. */
export function fileOf(path: string): string {
  return path.replace(/^\/+/, '');
}

interface Block {
  readonly text: string;
  /** Of what it describes, from 1. */
  readonly line: number;
  /** That line. */
  readonly head: string;
}

/**
 * METADATA blocks: a comment line `# METADATA` and the comment lines right below it, which are YAML; another such line
 * begins another block. What they describe is the next line that is neither blank nor a comment.
 */
function* metadataBlocks(source: string): Generator<Block> {
  let block: string[] | undefined;
  let ended: string[] = [];
  let line = 0;
  for (const text of source.split('\n')) {
    line += 1;
    const isComment = /^\s*#/.test(text);
    const begins = /^\s*#\s*METADATA\s*$/.test(text);
    if (block !== undefined && (begins || !isComment)) {
      ended.push(block.join('\n'));
      block = undefined;
    }
    if (begins) block = [];
    else if (isComment) block?.push(text.replace(/^\s*# ?/, ''));
    else if (ended.length > 0 && text.trim() !== '') {
      for (const one of ended) yield { text: one, line, head: text };
      ended = [];
    }
  }
  if (block !== undefined) ended.push(block.join('\n'));
  for (const one of ended) yield { text: one, line, head: '' };
}

/** The rule that a line begins, or `package`. */
function nameOf(head: string): string {
  return /^\s*(?:default\s+)?(\w+)/.exec(head.slice(0, 256))?.[1] ?? '';
}

/** opa has accepted the block already; one that this reader cannot take only loses its label. */
function parseQuietly(text: string): unknown {
  try {
    // To look for keys that are there twice takes the square of their number.
    return parseYaml(text, { maxAliasCount: 0, uniqueKeys: false }) as unknown;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
