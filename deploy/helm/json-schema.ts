/** values.schema.json, by which Helm refuses wrong and unknown values. */
import { z } from 'zod';
import { valuesSchema } from './values.ts';

/** The words of JSON schema that the chart's values use. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
}

/** Draft 7, which every Helm 3 and 4 understands. */
export function valuesJSONSchema(): Schema {
  const schema = z.toJSONSchema(valuesSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema, path }) => {
      // Probes and scrapers ask for it by its number: the free port that 0 picks has none beforehand.
      if (path.join('.').endsWith('config.properties.server.properties.port')) jsonSchema.minimum = 1;
    },
    unrepresentable: 'any',
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a JSON schema, of which few words are read
  return schema as Schema;
}

/** The fields of an object that are values of their own; undefined for a value that is an object, such as `config`. */
export function fieldsOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  return schema.description === undefined ? schema.properties : undefined;
}
