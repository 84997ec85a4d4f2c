import { readFile } from 'node:fs/promises';
import type { Document } from 'yaml';
import { LineCounter, parseAllDocuments } from 'yaml';
import { isRecord } from '../kube/json.ts';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import { CommandError } from './error.ts';
import type { IO } from './io.ts';

/** The parser's messages repeat what strangers wrote. */
const maxMessage = 1024;

/** One object of a file, and where it is from. */
export interface ManifestDocument {
  readonly object: Readonly<Record<string, unknown>>;
  /** For messages: `FILE`, or `FILE (document 2)`. */
  readonly where: string;
}

/** Reads every object of YAML or JSON files; `-` is standard input, and a List counts as its items. */
export async function readDocuments(files: readonly string[], io: IO): Promise<ManifestDocument[]> {
  const documents: ManifestDocument[] = [];
  for (const file of files) {
    // oxlint-disable-next-line no-await-in-loop -- in the order given
    const text = await readText(file, io);
    const name = file === '-' ? 'standard input' : file;
    documents.push(...parseDocuments(text, name));
  }
  return documents;
}

async function readText(file: string, io: IO): Promise<string> {
  if (file === '-') return io.stdin();
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new CommandError('FileUnreadable', `${file}: cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function parseDocuments(text: string, file: string): ManifestDocument[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const found: ManifestDocument[] = [];
  for (const [index, document] of parsed.entries()) {
    const where = parsed.length === 1 ? file : `${file} (document ${String(index + 1)})`;
    const [problem] = document.errors;
    if (problem !== undefined) {
      const { line, col } = lines.linePos(problem.pos[0]);
      throw new CommandError(
        'NotYAML',
        `${file}:${String(line)}:${String(col)}: ${escapeText(problem.message, maxMessage)}`,
      );
    }
    const value = valueOf(document, where);
    if (value !== null) found.push(...objectsOf(value, where));
  }
  if (found.length === 0) throw new CommandError('NothingRead', `${file}: there is no object in it`);
  return found;
}

/** Aliases are resolved only here: one without an anchor, or too many of them, shows here. */
function valueOf(document: Document, where: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (cause) {
    throw new CommandError('NotYAML', `${where}: ${escapeText(messageOf(cause), maxMessage)}`, { cause });
  }
}

/** `kubectl get -o yaml` of several objects prints one List. */
function objectsOf(value: unknown, where: string): ManifestDocument[] {
  if (!isRecord(value)) {
    throw new CommandError(
      'NotAnObject',
      `${where}: a Kubernetes object is expected, such as \`kubectl get -o yaml\` prints`,
    );
  }
  const { kind, items } = value;
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
    return items.flatMap((item: unknown, index) => objectsOf(item, `${where}, item ${String(index + 1)}`));
  }
  return [{ object: value, where }];
}
