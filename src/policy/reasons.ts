import { parse as parseYaml } from 'yaml';

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

/**
 * Reason codes that the rules of a bundle declare as `custom.code` of their METADATA, by code.
 *
 * They bound the metric label: a code made up at run time, perhaps from a request's text, counts as `Other`. So does one
 * that lies beyond what is read of a bundle.
 */
export function reasonCodes(sources: ReadonlyMap<string, string>): ReadonlyMap<string, ReasonCode> {
  const codes = new Map<string, ReasonCode>();
  const left: Record<'sources' | 'blocks', number> = { sources: most.sources, blocks: most.blocks };
  for (const source of sources.values()) {
    left.sources -= source.length;
    if (left.sources < 0) break;
    for (const text of metadataBlocks(source)) {
      if (text.length > most.block || text.length > left.blocks) continue;
      left.blocks -= text.length;
      const block = parseQuietly(text);
      if (!isObject(block)) continue;
      const custom = block['custom'];
      const code = isObject(custom) ? custom['code'] : undefined;
      if (typeof code !== 'string' || !isObject(custom)) continue;
      codes.set(code, {
        code,
        title: textOf(block['title']),
        description: textOf(block['description']),
        remedy: textOf(custom['remedy']),
      });
    }
  }
  return codes;
}

/**
 * METADATA blocks: a comment line `# METADATA` and the comment lines right below it, which are YAML; another such line
 * begins another block.
 */
function* metadataBlocks(source: string): Generator<string> {
  let block: string[] | undefined;
  for (const line of source.split('\n')) {
    const isComment = /^\s*#/.test(line);
    const begins = /^\s*#\s*METADATA\s*$/.test(line);
    if (block !== undefined && (begins || !isComment)) yield block.join('\n');
    if (begins) block = [];
    else if (isComment) block?.push(line.replace(/^\s*# ?/, ''));
    else block = undefined;
  }
  if (block !== undefined) yield block.join('\n');
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
