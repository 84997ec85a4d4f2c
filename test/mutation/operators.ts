import { edit, type Edit } from './edit.ts';
import { ofFlags, ofPattern } from './regex.ts';

/** As much of an ESTree node as the operators look at. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const field = (node: Node, name: string): Node => {
  const value = node[name];
  if (!isNode(value)) throw new TypeError(`${node.type} has no ${name}`);
  return value;
};
const replace = (node: Node, text: string): Edit => edit(node.start, node.end, text);

/** Its own boundary first, then its opposite. */
const BINARY: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&': ['|'],
  '|': ['&'],
  '^': ['|'],
  '<<': ['>>'],
  '>>': ['<<'],
};
const COMPARISONS = new Set(['<', '<=', '>', '>=', '===', '!==', 'instanceof', 'in']);

/** The same node with another operator; in brackets, so that it stays one node whatever is around it. */
function withOperator(node: Node, source: string, operator: string): Edit {
  const found = String(node['operator']);
  const at = source.indexOf(found, field(node, 'left').end);
  const text = source.slice(node.start, at) + operator + source.slice(at + found.length, node.end);
  return replace(node, `(${text})`);
}

const yesOrNo = (node: Node): boolean =>
  node.type === 'LogicalExpression'
    ? node['operator'] !== '??'
    : (node.type === 'BinaryExpression' && COMPARISONS.has(String(node['operator']))) ||
      (node.type === 'UnaryExpression' && node['operator'] === '!');

const truths = (node: Node): Edit[] => [replace(node, 'true'), replace(node, 'false')];
/** What a function gives: the other truth, or nothing. */
const given = (node: Node): Edit[] => (yesOrNo(node) ? truths(node) : [replace(node, 'undefined')]);

const SWAPPED: ReadonlyMap<string, string> = new Map([
  ['min', 'max'],
  ['max', 'min'],
  ['floor', 'ceil'],
  ['ceil', 'floor'],
  ['every', 'some'],
  ['some', 'every'],
  ['startsWith', 'endsWith'],
  ['endsWith', 'startsWith'],
  ['indexOf', 'lastIndexOf'],
  ['push', 'unshift'],
]);
const LEFT_OUT = new Set([
  'concat',
  'filter',
  'flat',
  'map',
  'padStart',
  'slice',
  'subarray',
  'toSorted',
  'toString',
  'trimEnd',
]);

function ofCall(node: Node, source: string): Edit[] {
  const callee = field(node, 'callee');
  if (callee.type !== 'MemberExpression' || callee['computed'] === true) return [];
  const property = field(callee, 'property');
  const name = String(property['name']);
  const swapped = SWAPPED.get(name);
  if (swapped !== undefined) return [replace(property, swapped)];
  return LEFT_OUT.has(name) ? [edit(source.lastIndexOf('.', property.start), node.end, '')] : [];
}

const isRegex = (node: Node): node is Node & { regex: { pattern: string; flags: string } } =>
  typeof node['regex'] === 'object' && node['regex'] !== null;
const moved = ({ start, end, text }: Edit, by: number): Edit => edit(start + by, end + by, text);

function ofLiteral(node: Node): Edit[] {
  const { value, raw } = node;
  if (isRegex(node)) {
    const { pattern, flags } = node.regex;
    return [
      ...ofPattern(pattern).map((change) => moved(change, node.start + 1)),
      ...ofFlags(flags).map((change) => moved(change, node.start + pattern.length + 2)),
    ];
  }
  if (typeof value === 'boolean') return [replace(node, String(!value))];
  if (typeof value === 'string') return [replace(node, value === '' ? "'mutated'" : "''")];
  if (typeof value !== 'number') return [];
  const hex = String(raw).startsWith('0x');
  const near = [value + 1, ...(value > 0 ? [value - 1] : [])];
  return near.map((number) => replace(node, hex ? `0x${number.toString(16)}` : String(number)));
}

/** The rows of a table, each left out; and the whole list. */
function ofArray(node: Node, source: string): Edit[] {
  const items = nodes(node['elements']);
  if (items.length === 0) return [replace(node, "['mutated']")];
  const rows = items.length > 1 ? items.filter((item) => item.type === 'ArrayExpression') : [];
  return [
    replace(node, '[]'),
    ...rows.map((row) => {
      const comma = source.slice(row.end).match(/^\s*,/);
      return edit(row.start, row.end + (comma?.[0].length ?? 0), '');
    }),
  ];
}

type Operator = (node: Node, source: string) => readonly Edit[];
const condition: Operator = (node) => truths(field(node, 'test'));
/** `true` would only be a loop without end. */
const loop: Operator = (node) => (isNode(node['test']) ? [replace(node['test'], 'false')] : []);
const leftOut: Operator = (node) => [replace(node, ';')];

/** What can be wrong with each kind of node. */
const operators: Readonly<Record<string, Operator>> = {
  IfStatement: condition,
  ConditionalExpression: condition,
  WhileStatement: loop,
  ForStatement: loop,
  LogicalExpression: (node, source) => [
    ...(node['operator'] === '??'
      ? []
      : [withOperator(node, source, node['operator'] === '&&' ? '||' : '&&')]),
    replace(node, source.slice(field(node, 'left').start, field(node, 'left').end)),
    replace(node, source.slice(field(node, 'right').start, field(node, 'right').end)),
  ],
  BinaryExpression: (node, source) =>
    (BINARY[String(node['operator'])] ?? []).map((operator) => withOperator(node, source, operator)),
  AssignmentExpression: (node) =>
    node['operator'] === '+=' ? [edit(field(node, 'left').end, field(node, 'right').start, ' -= ')] : [],
  UnaryExpression: (node) =>
    ['!', '-'].includes(String(node['operator'])) ? [edit(node.start, node.start + 1, '')] : [],
  Literal: ofLiteral,
  TemplateLiteral: (node) => [replace(node, '``')],
  ArrayExpression: ofArray,
  ObjectExpression: (node) => (nodes(node['properties']).length > 0 ? [replace(node, '{}')] : []),
  CallExpression: ofCall,
  ChainExpression: (node, source) => {
    const at = source.lastIndexOf('?.', node.end);
    return at > node.start ? [edit(at, at + 2, source[at + 2] === '[' ? '' : '.')] : [];
  },
  ExpressionStatement: leftOut,
  ThrowStatement: leftOut,
  ReturnStatement: (node) => (isNode(node['argument']) ? given(node['argument']) : []),
  ArrowFunctionExpression: (node) => {
    const body = field(node, 'body');
    return body.type === 'BlockStatement' ? [] : given(body);
  },
};

/** Fields that are names, not values. */
const NAMES = new Set(['ImportDeclaration.source', 'ExportNamedDeclaration.source', 'MetaProperty.meta']);
const isName = (node: Node, name: string): boolean =>
  NAMES.has(`${node.type}.${name}`) ||
  (name === 'key' && node['computed'] !== true) ||
  (node.type === 'MemberExpression' && name === 'property' && node['computed'] !== true);

/** Every edit of this node and of what is in it, in the order of the text. */
export function editsOf(node: Node, source: string): Edit[] {
  const inside = Object.entries(node).flatMap(([name, value]) =>
    isName(node, name) ? [] : [...(isNode(value) ? [value] : nodes(value))],
  );
  return [
    ...(operators[node.type]?.(node, source) ?? []),
    ...inside.flatMap((child) => editsOf(child, source)),
  ];
}
