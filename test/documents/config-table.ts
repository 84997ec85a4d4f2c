import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';

export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Every field of ApproverConfiguration, as Markdown rows. */
export function configTable(): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a JSON schema, of which few words are read
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Schema;
  return fieldsTable(schema, 'field');
}

/** A row for each field below an object. */
export function fieldsTable(schema: Schema, heading: string): string {
  return [`| ${heading} | default | meaning |`, '|---|---|---|', ...rows(schema, '')].join('\n');
}

function rows(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name;
    // One that is described has the fields of another, which have their rows.
    if (field.properties !== undefined && field.description === undefined) return rows(field, `${path}.`);
    const given = field.const ?? field.default;
    return [
      `| \`${path}\` | ${given === undefined ? '' : `\`${JSON.stringify(given)}\``} | ${meaning(field)} |`,
    ];
  });
}

function meaning({ description, enum: choices, minimum, maximum }: Schema): string {
  if (description === undefined) throw new Error('a field has no description');
  const range = minimum === undefined ? '' : ` (${String(minimum)} to ${String(maximum)})`;
  const named = (choices ?? []).filter((choice) => choice !== '').map((choice) => `\`${String(choice)}\``);
  const words = named.length === 0 ? '' : ` (${named.join(' or ')})`;
  return `${description}${words}${range}`;
}
