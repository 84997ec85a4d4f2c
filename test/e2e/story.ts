import type { Stage } from '../demo/stage.ts';
import type { Options } from './options.ts';
import { attack } from './steps/attack.ts';
import { change } from './steps/change.ts';
import { join } from './steps/join.ts';
import { leave, noneApproved } from './steps/leave.ts';
import { prove } from './steps/prove.ts';
import { reach } from './steps/reach.ts';
import { revoke } from './steps/revoke.ts';
import { rotate } from './steps/rotate.ts';
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

  screen.step('Rotation: nobody tells the kubelets');
  if (!process.env['E2E_DEV']) await rotate(world);

  screen.step('What happens to nodes');
  await change(world);

  screen.step('The off switch, people, and the control plane in the middle of it');
  await revoke(world);

  screen.step('An attacker with the key of a node');
  const { thief, filed } = await attack(world);

  screen.step('A node leaves');
  const last = await leave(world, thief);
  await noneApproved(world, [...filed, last]);
}
