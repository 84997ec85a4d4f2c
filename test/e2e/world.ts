import type { KubeClient } from '../../src/kube/client.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { Stage } from '../demo/stage.ts';
import type { Journal } from './journal.ts';
import type { Machine } from './machine.ts';
import type { Kubelet } from './kubelet.ts';
import type { Options } from './options.ts';

/** A machine with its containerd and kubelet. */
export interface Node {
  readonly machine: Machine;
  readonly kubelet: Kubelet;
  readonly name: string;
  readonly user: string;
  readonly address: string;
  /** Who it was before it was a node. */
  readonly bootstrapUser: string;
}

/** What every step works with. */
export interface World {
  readonly stage: Stage;
  readonly options: Options;
  readonly cluster: ControlPlane;
  /** A client of the cluster's admin. */
  readonly admin: KubeClient;
  readonly journal: Journal;
  /** Its address is the API server's. It was installed with a static token, the others with a bootstrap token. */
  readonly control: Node;
  readonly first: Node;
  readonly second: Node;
}

/** Does something, and prints that it is so, with the time it took. */
export async function tick<T>(
  { stage }: Pick<World, 'stage'>,
  text: string | ((result: T) => string),
  work: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const result = await work();
  stage.screen.done(typeof text === 'string' ? text : text(result), performance.now() - started);
  return result;
}
