import { openSource } from '../bundle/sources/open.ts';
import type { Config } from '../config/schema.ts';
import { escapeText } from '../text/escape.ts';

/** Which policy has decided: whoever forgets `--bundle` tests the default one. */
export function policyName({ policy }: Config): string {
  const { bundle, data } = policy;
  const name =
    bundle === undefined ? 'built-in default' : escapeText(openSource({ ...policy, bundle }).name, 1024);
  const files = data.map((file) => escapeText(file, 1024));
  return files.length === 0 ? name : `${name} with the data of ${files.join(', ')}`;
}
