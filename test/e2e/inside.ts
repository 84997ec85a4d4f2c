/** The first process of the new namespaces: sets them up, tells the story, and with its end everything ends. */
import { mkdirSync } from 'node:fs';
import { ControlPlaneError } from '../control-plane/control-plane.ts';
import { Deviation } from '../demo/deviation.ts';
import { Screen, seconds } from '../demo/screen.ts';
import { Stage } from '../demo/stage.ts';
import { ToolError } from '../tools/error.ts';
import { enterCgroups } from './cgroups.ts';
import { command } from './command.ts';
import { layNetwork } from './machine.ts';
import { parseOptions } from './options.ts';
import { tell } from './story.ts';

// Whoever started this has been killed: nobody is left to tell it to.
// oxlint-disable-next-line unicorn/no-process-exit
process.stdin.resume().once('end', () => process.exit(1));

const started = performance.now();
const screen = new Screen(process.stdout);
const stage = new Stage(screen, new AbortController().signal);

/** In memory, and seen by nobody else: temporary files, logs, and an /etc that can be written to. */
async function furnish(cgroup: string): Promise<void> {
  for (const directory of ['/run', '/var/log']) await command('mount', ['-t', 'tmpfs', 'tmpfs', directory]);
  for (const directory of ['/run/tmp', '/run/etc', '/run/etc-work']) mkdirSync(directory);
  const layers = 'lowerdir=/etc,upperdir=/run/etc,workdir=/run/etc-work';
  await command('mount', ['-t', 'overlay', '-o', layers, 'overlay', '/etc']);
  process.env['TMPDIR'] = '/run/tmp';
  await enterCgroups(cgroup);
  await layNetwork();
}

function explain(error: unknown): string {
  if (error instanceof Deviation) return `The story went otherwise. ${error.message}`;
  if (error instanceof ToolError || error instanceof ControlPlaneError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

screen.title('From bootstrap token to rotation: real kubelets on machines of their own');
try {
  const options = parseOptions(process.argv.slice(2));
  await furnish(options.cgroup);
  await tell(stage, options);
  screen.section(`Done in ${seconds(performance.now() - started)}.`);
  process.exitCode = 0;
} catch (error) {
  const [first = '', ...more] = explain(error).split('\n');
  screen.failed(first);
  screen.verbatim(more.join('\n'));
  for (const evidence of stage.evidence) screen.verbatim(evidence);
  process.exitCode = error instanceof ToolError || error instanceof ControlPlaneError ? 2 : 1;
}
// Nothing is ended one by one: the kernel does that with the first process of a namespace.
// oxlint-disable-next-line unicorn/no-process-exit -- kubelets and the like would hold it for ever
process.exit();
