import type { Document, Pair, Scalar } from 'yaml';
import {
  LineCounter,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  parseDocument,
  visit,
} from 'yaml';
import { escapeText } from '../text/escape.ts';
import { safeJson } from '../text/json.ts';
import { messageOf } from '../text/message.ts';
import type { Read } from './overlay.ts';
import { otherBreak } from './yaml.ts';

/**
 * Reads YAML that has one reading. opa reads the data of a bundle when it builds it, by rules of YAML 1.1 and some of
 * its own (`017` is 15, `1_000` is 1000); this program reads 1.2 (17, a text). What the versions read differently is
 * refused, so that a value means the same wherever it is moved. Anchors, tags and merge keys are refused as well.
 */
export function readYaml(text: string): Read {
  const other = otherBreak.exec(text);
  if (other !== null) {
    const line = text.slice(0, other.index).split('\n').length;
    return { problem: `${safeJson(other[0])} may end a line, or may not: leave it out`, line };
  }
  const lines = new LineCounter();
  try {
    const options = { version: '1.2', merge: false, uniqueKeys: true, prettyErrors: false } as const;
    const [document, ...more] = parseAllDocuments(text, { ...options, lineCounter: lines });
    if (document === undefined || more.length > 0)
      return { problem: 'exactly one YAML document is expected' };
    const lineAt = (offset: number | undefined) =>
      offset === undefined ? undefined : lines.linePos(offset).line;
    const [syntax] = [...document.errors, ...document.warnings];
    if (syntax !== undefined) {
      return { problem: escapeText(syntax.message, 512), line: lineAt(syntax.pos[0]) };
    }
    const found = ambiguity(document);
    if (found !== undefined) return { problem: found.problem, line: lineAt(found.offset) };
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return { value, lineOf: (path) => lineAt(offsetOf(document, path)) };
  } catch (cause) {
    return { problem: escapeText(messageOf(cause), 512) };
  }
}

interface Ambiguity {
  readonly problem: string;
  readonly offset: number | undefined;
}

function ambiguity(document: Document.Parsed): Ambiguity | undefined {
  if (document.directives.yaml.explicit === true) {
    return { problem: 'leave the line %YAML out: YAML 1.2 is read', offset: undefined };
  }
  let found: Ambiguity | undefined;
  const stop = (problem: string, offset: number | undefined) => {
    found = { problem, offset };
    return visit.BREAK;
  };
  visit(document, {
    Alias: (_, node) => stop('aliases are not read: write the value out', node.range?.[0]),
    Pair: (_, pair) => {
      const problem = keyProblem(pair);
      return problem === undefined
        ? undefined
        : stop(problem, isNode(pair.key) ? pair.key.range?.[0] : undefined);
    },
    Collection: (_, node) =>
      node.tag === undefined ? undefined : stop('tags are not read', node.range?.[0]),
    Scalar: (at, node, above) => {
      if (node.tag !== undefined) return stop('tags are not read', node.range?.[0]);
      if (node.type !== 'PLAIN' || hasOneReading(node)) return undefined;
      const path = pathOf(above, at);
      return stop(`${path === '' ? '' : `${path}: `}${otherReading(node)}`, node.range?.[0]);
    },
  });
  return found;
}

function keyProblem({ key }: Pair): string | undefined {
  if (!isScalar(key) || typeof key.value !== 'string') return 'a key is a text: put it in quotes';
  return key.value === '<<' ? 'merge keys are not read: write the value out' : undefined;
}

/** Words that are texts to some readers and truth values to others. */
const truthWord = /^(y|n|yes|no|on|off|true|false)$/i;

/** What is wrong with a scalar that has several readings, and what to write. */
function otherReading({ source = '' }: Scalar): string {
  const shown = escapeText(source, 64);
  return truthWord.test(source)
    ? `\`${shown}\` is a text to some readers: write \`true\` or \`false\`, or put it in quotes if text is meant`
    : `\`${shown}\` is read in different ways: write it as JSON would, or put it in quotes if text is meant`;
}

/** Dotted, of keys and places in lists. @param above every node that a visitor came through */
function pathOf(above: readonly unknown[], at: number | string | null): string {
  const steps = above.flatMap((node, index) => {
    if (isPair(node)) return isScalar(node.key) ? [String(node.key.value)] : [];
    if (!isSeq(node)) return [];
    const next: unknown = above[index + 1];
    return [String(next === undefined ? at : node.items.indexOf(next))];
  });
  return steps.map((step) => escapeText(step, 64)).join('.');
}

/** What JSON has words for is written in them; the rest must be a text by either version of YAML. */
function hasOneReading({ source = '', value }: Scalar): boolean {
  if (typeof value === 'number') return /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/.test(source);
  if (typeof value === 'boolean') return source === 'true' || source === 'false';
  if (typeof value !== 'string') return source === 'null' || source === '~' || source === '';
  // Go reads prefixes of numbers in upper case as well.
  if (/^[-+]?0[xob]/i.test(source)) return false;
  if (!/^([-+.0-9=]|(y|n|yes|no|on|off)$)/i.test(source)) return true;
  const older = parseDocument(source, { version: '1.1', prettyErrors: false });
  return isScalar(older.contents) && older.contents.value === value;
}

function offsetOf(document: Document, path: readonly string[]): number | undefined {
  const parent: unknown = path.length < 2 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
    : undefined;
  return pair !== undefined && isNode(pair.key) ? pair.key.range?.[0] : undefined;
}
