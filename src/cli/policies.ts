import { fileURLToPath } from 'node:url';
import type { Config } from '../config/schema.ts';
import type { Policies } from '../decide/decide.ts';
import { probeFor } from '../decide/probe.ts';
import { readBundleFiles } from '../policy/files.ts';
import { Isolate } from '../policy/isolate.ts';
import { loadFloor } from '../policy/floor.ts';
import { loadPolicy } from '../policy/policy.ts';

// Replaced when the program is built: there the default bundle lies beside the program.
declare const DEFAULT_BUNDLE: string | undefined;

/** Path of the default policy's bundle. */
function defaultBundle(): string {
  const relative = typeof DEFAULT_BUNDLE === 'string' ? DEFAULT_BUNDLE : '../../dist/default.tar.gz';
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Loads the floor and the configured policy; refuses both as a whole if anything is wrong with either. */
export async function loadPolicies(config: Config, bundle: string | undefined): Promise<Policies> {
  const path = bundle ?? config.policy.bundle ?? defaultBundle();
  const isolate = new Isolate({ deadlineMs: config.limits.evaluationMs });
  const [floor, files] = await Promise.all([loadFloor(probeFor, isolate), readBundleFiles(path)]);
  const signers = await loadPolicy(
    files,
    {
      signers: config.signers,
      entrypoints: config.policy.entrypoints,
      supported: [...floor.needs.keys()],
      probe: probeFor,
    },
    isolate,
  );
  return { floor, signers };
}
