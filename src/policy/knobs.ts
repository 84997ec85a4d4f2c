import { createHash } from 'node:crypto';
import type { Bundle, Entrypoint } from '../bundle/bundle.ts';
import { PolicyError } from '../bundle/error.ts';
import type { Overlay } from '../bundle/overlay.ts';
import { applyOverlays } from '../bundle/overlay.ts';
import { readEntrypointCustom } from './needs.ts';

/**
 * The bundle with overlays laid over its data. Its revision tells them: a record of a decision must say by which rules
 * *and* knobs it was made.
 * @throws PolicyError as `applyOverlays` does; AnnotationInvalid where the entrypoints' paths make no sense together
 */
export function withOverlays(bundle: Bundle, overlays: readonly Overlay[]): Bundle {
  const knobs = knobsOf(bundle.entrypoints);
  if (overlays.length === 0) return bundle;
  return {
    ...bundle,
    data: applyOverlays(bundle.data, knobs, overlays),
    revision: `${bundle.revision}+data.${digestOf(overlays)}`,
  };
}

/** Every path that an entrypoint of the bundle names: an imported policy keeps its knobs. */
function knobsOf(entrypoints: readonly Entrypoint[]): readonly string[] {
  const named = entrypoints.flatMap((entrypoint) => readEntrypointCustom(entrypoint).knobs);
  const paths = [...new Set(named)].sort();
  for (const outer of paths) {
    const inner = paths.find((path) => path.startsWith(`${outer}.`));
    if (inner === undefined) continue;
    throw new PolicyError(
      'AnnotationInvalid',
      `METADATA: custom.knobs: ${inner} lies within ${outer}, whose members are knobs as a whole: name one of them`,
    );
  }
  return paths;
}

/** Of their content, wherever it is mounted and however it is written. */
function digestOf(overlays: readonly Overlay[]): string {
  const hash = createHash('sha256').update(JSON.stringify(overlays.map(({ data }) => sorted(data))));
  return hash.digest('hex').slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, sorted(inner)]);
}
