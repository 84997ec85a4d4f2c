import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../chaos/stage.ts';
import { replaceFile } from '../support/policies.ts';

/** A knob that no request here depends on: each value is another revision of the policy. */
const knob = (seconds: number | string): string =>
  `csr: {kubelet_serving: {config: {max_expiration_seconds: ${String(seconds)}}}}\n`;

/** What an ordinary month brings, one after the other. */
const disturbances: Readonly<Record<string, (stage: Stage, turn: number, overlay: string) => void>> = {
  'another policy': (_, turn, overlay) => replaceFile(overlay, knob(86_400 + turn)),
  'every connection reset': ({ wire }) => wire.resetAll(),
  'a policy that is refused': (_, _turn, overlay) => replaceFile(overlay, knob('"long"')),
  'watches cut': ({ proxy }) => proxy.cutWatches(),
};

export function quietOverlay(path: string): void {
  replaceFile(path, knob(86_400));
}

/** @returns how often each was done */
export async function disturb(
  stage: Stage,
  overlay: string,
  everyMs: number,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const done: Record<string, number> = {};
  const all = Object.entries(disturbances);
  for (let turn = 0; !signal.aborted; turn += 1) {
    // Rejects when the run ends.
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    const [name, make] = all[turn % all.length] ?? [];
    if (signal.aborted || name === undefined || make === undefined) break;
    make(stage, turn, overlay);
    done[name] = (done[name] ?? 0) + 1;
  }
  return done;
}
