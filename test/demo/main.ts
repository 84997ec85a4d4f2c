/**
 * The whole product on a real control plane: approves what is genuine, leaves what is forged, and holds every word of
 * that against the cluster.
 *
 *     make demo
 *
 * Exit code 0: all as told; 1: something was not; 2: it could not be shown; 128 + signal: interrupted.
 */
import { ControlPlaneError } from '../control-plane/control-plane.ts';
import { ToolError } from '../tools/error.ts';
import { Deviation } from './deviation.ts';
import { Screen, seconds } from './screen.ts';
import { Stage } from './stage.ts';
import { tell } from './story.ts';

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** An interrupted kubectl can report its own end before we hear of the signal that ended both. */
const signalGraceMs = 100;

const started = performance.now();
const screen = new Screen(process.stdout);
const interruption = new AbortController();
const stage = new Stage(screen, interruption.signal);

for (const [signal, code] of Object.entries(exitCodes)) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(code); // Asked twice: at once. The control plane ends by itself.
    process.exitCode = code;
    interruption.abort(new Error(`interrupted by ${signal}`));
    screen.say('Interrupted: ending everything that was started.');
  });
}
// A reader that went away (`make demo | head`): nobody is left to show anything to.
process.stdout.on('error', (error) => {
  process.exitCode ??= 1;
  interruption.abort(error);
});

function fail(error: unknown): void {
  if (error instanceof Deviation) screen.failed(`The demo failed. ${error.message}`);
  else if (error instanceof ToolError || error instanceof ControlPlaneError) screen.failed(error.message);
  else screen.failed(error instanceof Error ? (error.stack ?? error.message) : String(error));
  for (const evidence of stage.evidence) screen.verbatim(evidence);
  process.exitCode = error instanceof ToolError || error instanceof ControlPlaneError ? 2 : 1;
}

screen.title('rego-csr-approver, on a real control plane');
screen.say(
  'A kubelet has its serving certificate signed by the cluster, once somebody has approved its request. The approver does that by rules written in Rego: it approves a node that asks for its own addresses, and leaves all else pending, with the reason. Nothing here is simulated but the machines.',
  'reset',
  0,
);

try {
  await tell(stage);
} catch (error) {
  await new Promise((resolve) => setTimeout(resolve, signalGraceMs));
  if (!interruption.signal.aborted) fail(error);
}
try {
  await stage.close();
} catch (error) {
  if (!interruption.signal.aborted) fail(error);
}

if (process.exitCode === undefined) {
  screen.section(
    `Done in ${seconds(performance.now() - started)}; everything that was started is ended and removed.`,
  );
  screen.say('Next:');
  screen.say('make test                                    all that is promised, proven');
  screen.say('dist/rego-csr-approver review --help         the same decisions from files, without a cluster');
}
