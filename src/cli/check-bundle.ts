import { loadPoliciesFrom } from '../activation/load.ts';
import { parseBundle } from '../bundle/bundle.ts';
import type { BundleFiles } from '../bundle/files.ts';
import type { Config } from '../config/schema.ts';
import { Isolate } from '../policy/isolate.ts';
import { escapeText } from '../text/escape.ts';

/**
 * Loads a bundle as the program would, and lets go of it.
 * @param isChosen whether the configuration was given, and so says which signers are decided and by which entrypoint;
 *   else every signer and every entrypoint of the bundle is tried
 * @returns what to know of it beside that: a bundle for no signer is not loaded; of several entrypoints for a signer the
 *   configuration must name one
 * @throws PolicyError when the program would refuse it
 */
export async function checkBundle(
  files: BundleFiles,
  config: Config,
  isChosen: boolean,
): Promise<string | undefined> {
  const serving = new Map<string, string[]>();
  for (const { path, annotation } of parseBundle(files).entrypoints) {
    const signer = annotation.custom?.['signer_name'];
    if (typeof signer === 'string') serving.set(signer, [...(serving.get(signer) ?? []), path]);
  }
  if (serving.size === 0) return 'not loaded, since no entrypoint names a signer';
  if (isChosen) {
    await load(files, config);
    return undefined;
  }
  const rounds = Math.max(...[...serving.values()].map((paths) => paths.length));
  for (let round = 0; round < rounds; round += 1) {
    const entrypoints = Object.fromEntries(
      [...serving].map(([signer, paths]) => [signer, paths[round % paths.length] ?? '']),
    );
    const policy = { ...config.policy, entrypoints };
    // oxlint-disable-next-line no-await-in-loop -- one policy in memory at a time
    await load(files, { ...config, signers: [...serving.keys()], policy });
  }
  return ambiguity(serving);
}

function ambiguity(serving: ReadonlyMap<string, readonly string[]>): string | undefined {
  const several = [...serving].filter(([, paths]) => paths.length > 1);
  if (several.length === 0) return undefined;
  const parts = several.map(
    ([signer, paths]) =>
      `${String(paths.length)} entrypoints for ${escapeText(signer)} (${paths.map((path) => escapeText(path)).join(', ')})`,
  );
  return `${parts.join('; ')}: name one in policy.entrypoints`;
}

async function load(files: BundleFiles, config: Config): Promise<void> {
  const isolate = new Isolate({ deadlineMs: config.limits.evaluationMs });
  try {
    await loadPoliciesFrom(config, files, isolate);
  } finally {
    await isolate.close();
  }
}
