// The shipped program on a real control plane, beside a ceiling that is measured in the same run: a loop in Go that makes
// the three calls of an approval and nothing else. The controller manager is off, since its signer would compete.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { buildOwn } from '../tools/own.ts';
import { contestants, type Contestant } from './controller/contestants.ts';
import { Load } from './controller/load.ts';
import { Results, type Part } from './controller/results.ts';
import { backlog, burst, creation, memory, type Scene } from './controller/runs.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: ['burst', 'backlog', 'memory'] },
    n: { type: 'string', multiple: true, default: ['200', '1000', '3000'] },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    lone: { type: 'string', default: '200' },
    quick: { type: 'boolean', default: false },
    config: { type: 'string' },
    'node-options': { type: 'string' },
  },
});

/** Of each size so many rounds, in each of which everybody has a turn: noise then comes upon all. */
const rounds = (n: number): number =>
  values.rounds === undefined ? (n > 1000 ? 1 : 3) : Number(values.rounds);

/** Sizes at which everybody takes part; at others only the loop that the program is held to, and the program. */
const everybodyAt = 1000;

const selfNodeServer = new URL('../../deploy/kustomize/base/selfnodeserver.yaml', import.meta.url);

async function allow(cluster: ControlPlane, yes: boolean): Promise<void> {
  const input = readFileSync(selfNodeServer, 'utf8');
  await cluster.kubectl([yes ? 'apply' : 'delete', '-f', '-'], { input });
}

const ceiling = await buildOwn(new URL('./controller/ceiling', import.meta.url).pathname);
const everybody = contestants(ceiling, { config: values.config, nodeOptions: values['node-options'] });
const only = values.quick ? ['ceiling-16', 'program'] : (values.only ?? everybody.map(({ name }) => name));
const sizes = values.quick ? [1000] : values.n.map(Number);
const parts = values.quick ? ['burst', 'backlog'] : values.part;
const chosen = (names?: readonly string[]): readonly Contestant[] =>
  everybody.filter(({ name }) => only.includes(name) && (names === undefined || names.includes(name)));
const takingPart = (n: number): readonly Contestant[] =>
  chosen(
    n === everybodyAt || values.only !== undefined ? undefined : ['ceiling-16', 'ceiling-64', 'program'],
  );

const results = new Results();
const startedAt = performance.now();
const cluster = await startControlPlane({
  controllerManager: false,
  flags: { apiserver: ['--delete-collection-workers=16'] },
});
const load = new Load(ceiling, cluster.adminKubeconfig);
try {
  const scene: Scene = {
    load,
    kubeconfig: cluster.adminKubeconfig,
    allow: (yes) => allow(cluster, yes),
  };
  await scene.allow(true);
  await load.nodes(Math.max(...sizes));
  const add = async (
    part: Part,
    n: number,
    contestant: Contestant,
    run: Promise<Readonly<Record<string, number>>>,
  ) => {
    results.add(part, n, contestant.name, await run);
    process.stderr.write(
      `${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${part} of ${String(n)}, ${contestant.name}\n`,
    );
  };
  /* oxlint-disable no-await-in-loop -- one at a time is what is measured */
  for (const n of sizes) {
    results.add('creation', n, 'nobody', await creation(scene, n));
    for (let round = 0; round < (values.quick ? 1 : rounds(n)); round += 1) {
      for (const one of takingPart(n)) {
        if (parts.includes('burst')) await add('burst', n, one, burst(one, scene, n, Number(values.lone)));
      }
      for (const one of takingPart(n)) {
        if (parts.includes('backlog') && one.name !== 'ceiling-1')
          await add('backlog', n, one, backlog(one, scene, n));
      }
    }
  }
  if (parts.includes('memory')) {
    for (const one of chosen(['program'])) await add('memory', 3000, one, memory(one, scene, 3000, 5000));
  }
  /* oxlint-enable no-await-in-loop */
} finally {
  await load.stop();
  await cluster.stop();
}
console.log(results.text());
