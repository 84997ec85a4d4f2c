/** values.yaml: every value with its default, below a comment that says what it means. */
import { stringify } from 'yaml';
import { fieldsOf, type Schema } from './json-schema.ts';

const width = 110;

/** Of the schema of all values. */
export function valuesYAML(schema: Schema): string {
  const head = [
    '# Values of the chart rego-csr-approver, with their defaults; `make docs` writes this file. Objects that are given are',
    '# merged with the default, where `null` takes a member away; lists take its place.',
  ];
  const groups = Object.entries(schema.properties ?? {}).map(([name, field]) => lines(name, field, ''));
  return `${[head, ...groups].map((group) => group.join('\n')).join('\n\n')}\n`;
}

function lines(name: string, field: Schema, indent: string): string[] {
  const fields = fieldsOf(field);
  if (fields !== undefined) {
    const below = Object.entries(fields).flatMap(([key, one]) => lines(key, one, `${indent}  `));
    return [`${indent}${name}:`, ...below];
  }
  const comment = wrapped(field.description ?? '', width - indent.length - 2);
  const value = stringify({ [name]: field.default }, { lineWidth: 0, singleQuote: false });
  return [
    ...comment.map((line) => `${indent}# ${line}`),
    ...value
      .trimEnd()
      .split('\n')
      .map((line) => indent + line),
  ];
}

function wrapped(text: string, columns: number): string[] {
  const found: string[] = [];
  for (const word of text.split(' ')) {
    const last = found.at(-1);
    if (last === undefined || last.length + 1 + word.length > columns) found.push(word);
    else found[found.length - 1] = `${last} ${word}`;
  }
  return found;
}
