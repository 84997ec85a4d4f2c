import type { Stage } from '../demo/stage.ts';
import type { Options } from './options.ts';
import { join } from './steps/join.ts';
import { prove } from './steps/prove.ts';
import { reach } from './steps/reach.ts';
import { selfSigned } from './steps/self-signed.ts';
import { setUp } from './steps/set-up.ts';

/** What happens to nodes, in the order in which it does; whatever is not as told is thrown as a Deviation. */
export async function tell(stage: Stage, options: Options): Promise<void> {
  const { screen } = stage;
  screen.step('A control plane, three machines, and what users apply');
  const world = await setUp(stage, options);

  screen.step('Two kubelets join');
  await join(world);

  screen.step('Their serving certificates');
  await prove(world);

  screen.step('A kubelet that signs its own certificate, and then does not');
  await selfSigned(world);

  screen.step('The API server reaches its kubelets, and verifies them');
  await reach(world);
}
