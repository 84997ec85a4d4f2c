import { readFileSync } from 'node:fs';
import { z } from 'zod';

const definitions = z.record(z.string(), z.unknown());
const dataSchema = z.looseObject({
  properties: z.object({ config: z.looseObject({ properties: definitions }) }),
  $defs: definitions,
});

/** The schema of data overlays for the default policies: the knobs of each, none of which must be set. */
export function overlaySchema(): string {
  const named = ['kubelet_client', 'kubelet_serving'].map((name) => [name, read(name)] as const);
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Data overlay for the default policies',
    ...closed('What replaces knobs of the bundle, each as a whole.', {
      csr: closed(
        'The packages of the default policies.',
        Object.fromEntries(
          named.map(([name, { properties }]) => [
            name,
            closed(`Package csr.${name}.`, {
              config: closed(
                'Knobs; those that are left out stay as the bundle has them.',
                properties.config.properties,
              ),
            }),
          ]),
        ),
      ),
    }),
    $defs: merged(named.map(([, { $defs }]) => $defs)),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function read(name: string) {
  const url = new URL(`../../policies/schemas/${name}.data.json`, import.meta.url);
  return dataSchema.parse(JSON.parse(readFileSync(url, 'utf8')));
}

function closed(description: string, properties: Readonly<Record<string, unknown>>) {
  return { type: 'object', description, additionalProperties: false, properties };
}

function merged(all: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  const names = all.flatMap((one) => Object.keys(one));
  if (new Set(names).size < names.length)
    throw new Error('two schemas define one name: rename it in one of them');
  return Object.assign({}, ...all) as Record<string, unknown>;
}
