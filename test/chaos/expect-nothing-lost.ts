import { expect } from 'vitest';
import { CSR_PATH } from '../../src/kube/calls.ts';
import { listAll } from '../../src/kube/list.ts';
import { asObject, type KubeObject } from '../../src/kube/objects.ts';
import { statusOf } from '../integration/scene.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import type { Stage } from './stage.ts';
import { audit, type Asked } from './traffic.ts';

/** More memory than before, once everything is over: what V8 keeps of a busy time, with nothing forced. */
const allowedMiB = 64;
/** More open files than before: its pool of connections may be fuller, or emptier, than it was. */
const allowedDescriptors = 48;

const patienceMs = 90_000;

/**
 * What must hold when the trouble is over, whatever it was: every good request is approved and issued, once; no bad one
 * has anything, though each was decided; conditions of others are as they were written; the program is ready, and as
 * large as before.
 */
export async function expectNothingLost(stage: Stage): Promise<void> {
  const { traffic, scene } = stage;
  await traffic.stop(patienceMs);
  const decided = () => new Set(stage.lines.flatMap(({ csr, msg }) => (msg === 'decided' ? [csr] : [])));
  await eventually(
    async () => {
      const items = await listAll(scene.admin, CSR_PATH);
      const found = new Map(items.map((item) => asObject(item)).map((csr) => [csr.metadata.name, csr]));
      const seen = decided();
      const wrong = traffic.asked.flatMap((asked) => faultOf(asked, found.get(asked.name), seen));
      // A bad request that is approved does not come right again.
      const fatal = wrong.filter(({ final }) => final).map(({ text }) => text);
      if (fatal.length > 0) return { fatal };
      if (wrong.length > 0) {
        const some = wrong.slice(0, 10).map(({ text }) => text);
        throw new NotYet(
          `${String(wrong.length)} of ${String(traffic.asked.length)} requests: ${some.join('; ')}`,
        );
      }
      return { fatal };
    },
    { withinMs: patienceMs },
  ).then(({ fatal }) => expect(fatal).toEqual([]));
  expect(traffic.witness.violations).toEqual([]);
  await eventually(
    async () => {
      const { status, body } = await stage.approver.get('/readyz');
      if (status !== 200) throw new NotYet(`not ready: ${body}`);
      return true;
    },
    { withinMs: 30_000 },
  );
  expect((await stage.approver.get('/livez')).status).toBe(200);
  expect(stage.approver.process.exitCode).toBeNull();
  await forgetRequests(stage);
  await expectAsBefore(stage);
}

interface Fault {
  readonly text: string;
  readonly final: boolean;
}

function faultOf(asked: Asked, csr: KubeObject | undefined, decided: ReadonlySet<unknown>): Fault[] {
  const { name, kind } = asked;
  if (csr === undefined) return [{ text: `${name} is gone`, final: true }];
  const { conditions, certificate } = statusOf(csr);
  const types = conditions.map(({ type }) => type).sort();
  if (kind !== 'good') {
    if (types.length > 0 || certificate !== '')
      return [{ text: `${name} (${kind}) is ${types.join(' and ')}`, final: true }];
    return decided.has(name) ? [] : [{ text: `${name} (${kind}) was never decided`, final: false }];
  }
  const expected = asked.audited ? ['Approved', audit.type] : ['Approved'];
  const surplus = types.length > expected.length || types.some((type) => !expected.includes(type));
  if (surplus) return [{ text: `${name} is ${types.join(' and ')}`, final: true }];
  if (types.length < expected.length) return [{ text: `${name} is only [${types.join()}]`, final: false }];
  const reason = conditions.find(({ type }) => type === 'Approved')?.reason;
  if (reason !== 'PolicyAllowed') return [{ text: `${name} was approved by ${String(reason)}`, final: true }];
  return certificate === '' ? [{ text: `${name} has no certificate`, final: false }] : [];
}

/** Every request is deleted, as Kubernetes' cleaner would in time: nothing of them may stay in memory. */
async function forgetRequests({ traffic }: Stage): Promise<void> {
  await eventually(async () => {
    const { status } = await traffic.crowd.send('DELETE', CSR_PATH);
    return status === 200 ? true : undefined;
  });
  traffic.asked.length = 0;
}

async function expectAsBefore({ approver, before }: Stage): Promise<void> {
  await eventually(
    async () => {
      const now = await approver.usage();
      const more = {
        MiB: Math.round(now.residentMiB - before.residentMiB),
        descriptors: now.descriptors - before.descriptors,
      };
      if (more.MiB > allowedMiB || more.descriptors > allowedDescriptors)
        throw new NotYet(`more than before: ${JSON.stringify(more)}`);
      return true;
    },
    { withinMs: 30_000 },
  );
}
