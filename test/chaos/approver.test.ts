import { once } from 'node:events';
import { eventually, NotYet } from '../support/eventually.ts';
import { chaos } from './scenario.ts';

const scenario = chaos({ direct: true });

scenario('the approver is killed in the middle of a burst', async (stage) => {
  for (let turn = 0; turn < 3; turn += 1) {
    // oxlint-disable no-await-in-loop -- one after the other
    const burst = await stage.traffic.burst(60);
    const approved = () => burst.filter(({ name }) => stage.traffic.witness.isApproved(name)).length;
    await eventually(() => (approved() >= 5 + turn * 15 ? true : undefined));
    const { process } = stage.approver;
    const exited = once(process, 'exit');
    process.kill('SIGKILL');
    await exited;
    // As a kubelet would, at once.
    await stage.startApprover();
    await eventually(
      () => {
        if (approved() < burst.length) throw new NotYet(`${String(approved())} are approved`);
        return true;
      },
      { withinMs: 60_000 },
    );
    // oxlint-enable no-await-in-loop
  }
});

scenario('the approver is paused for longer than it may be silent', async (stage) => {
  const { process } = stage.approver;
  process.kill('SIGSTOP');
  const burst = await stage.traffic.burst(60);
  // Longer than its requests may take: their deadlines have all passed when it wakes up.
  const until = performance.now() + 12_000;
  await eventually(() => (performance.now() > until ? true : undefined));
  process.kill('SIGCONT');
  await eventually(() =>
    burst.every(({ name }) => stage.traffic.witness.isApproved(name)) ? true : undefined,
  );
});
