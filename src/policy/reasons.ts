import { parse as parseYaml } from 'yaml';

/** What a rule's METADATA says of the reason that it gives. */
export interface ReasonCode {
  readonly code: string;
  readonly title: string;
  readonly description: string;
  readonly remedy: string;
}

/**
 * Reason codes that the rules of a bundle declare as `custom.code` of their METADATA, by code.
 *
 * They bound the metric label: a code made up at run time, perhaps from a request's text, counts as `Other`.
 */
export function reasonCodes(sources: ReadonlyMap<string, string>): ReadonlyMap<string, ReasonCode> {
  const codes = new Map<string, ReasonCode>();
  for (const source of sources.values()) {
    for (const block of metadataBlocks(source)) {
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

/** METADATA blocks: a comment line `# METADATA` and the comment lines right below it, which are YAML. */
function* metadataBlocks(source: string): Generator<Record<string, unknown>> {
  const lines = source.split('\n');
  for (let start = 0; start < lines.length; start += 1) {
    if (!/^\s*#\s*METADATA\s*$/.test(lines[start] ?? '')) continue;
    const body: string[] = [];
    for (let next = start + 1; /^\s*#/.test(lines[next] ?? ''); next += 1) {
      body.push((lines[next] ?? '').replace(/^\s*# ?/, ''));
    }
    const value = parseQuietly(body.join('\n'));
    if (isObject(value)) yield value;
  }
}

/** opa has accepted the block already; one that this reader cannot take only loses its label. */
function parseQuietly(text: string): unknown {
  try {
    return parseYaml(text, { maxAliasCount: 0 }) as unknown;
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
