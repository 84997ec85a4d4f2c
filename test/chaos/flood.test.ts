import { expect } from 'vitest';
import { CSR_PATH } from '../../src/kube/calls.ts';
import { eventually } from '../support/eventually.ts';
import { forgeries, machine, nodeIdentity, requestObject } from './requests.ts';
import { chaos } from './scenario.ts';

const junk = 10_000;
const strangers = 500;

/**
 * Junk that is judged between the filing of a good request and its approval: whoever asks takes turns with all others, so
 * it is one of each at most, and as many for what was under way. However slow the machine is.
 */
const bound = 2 * (strangers + 20);

const labels = { chaos: 'junk' };
const labelled = (object: object): object => ({
  ...object,
  metadata: { ...('metadata' in object && (object.metadata as object)), labels },
});

const scenario = chaos({ direct: true });

scenario('10,000 junk requests are pending, half of them of one node', async (stage) => {
  const { traffic } = stage;
  // Of one that asks for so much only the newest are kept, so it is none of those whose requests are counted.
  const loud = machine('flood', strangers);
  const victim = machine('kubelet', 1);
  let next = 0;
  const file = async (): Promise<void> => {
    for (let number = next++; number < junk; number = next++) {
      // Every other one is refused by its form; the others cost facts, and wait.
      const kind = number % 4 < 2 ? "the API server's name" : 'an address of nobody';
      const whose = number % 2 === 0 ? loud : machine('flood', number % strangers);
      const object = requestObject(`junk-${String(number)}`, whose, forgeries[kind](whose, victim));
      // oxlint-disable-next-line no-await-in-loop -- each of these loops files one after the other
      const { status } = await traffic.crowd.send(
        'POST',
        CSR_PATH,
        labelled(object),
        nodeIdentity(whose.name),
      );
      expect(status).toBe(201);
    }
  };
  const before = traffic.asked.length;
  await Promise.all(Array.from({ length: 16 }, file));
  await stage.progress(3 * traffic.size);
  // The program went on with all of it meanwhile.
  const judged = () =>
    new Set(
      stage.lines.flatMap(({ csr, msg }) =>
        msg === 'decided' && String(csr).startsWith('junk-') ? [csr] : [],
      ),
    );
  await eventually(() => (judged().size > junk / 4 ? true : undefined), { withinMs: 60_000 });
  const times = stage.lines.flatMap(({ csr, msg, time }) =>
    msg === 'decided' && String(csr).startsWith('junk-') ? [Date.parse(String(time))] : [],
  );
  const judgedBefore = traffic.asked.slice(before).flatMap(({ at, approvedMs }) => {
    const filed = performance.timeOrigin + at;
    return approvedMs === undefined
      ? []
      : [times.filter((time) => time > filed && time < filed + approvedMs).length];
  });
  expect(Math.max(...judgedBefore)).toBeLessThan(bound);
  // Bad ones of others stand in line behind it, which takes minutes on two cores. An administrator clears it away.
  await traffic.deleteAll('chaos=junk');
});
