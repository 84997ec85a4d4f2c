// The thread in which policies are evaluated: it can be ended in the middle of an evaluation, the main one cannot.
// oxlint-disable unicorn/require-post-message-target-origin -- a thread's port, not a window
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../text/message.ts';
import { Instance } from './instance.ts';
import type { Answer, Question } from './isolate.ts';

// What a policy prints (the SDK's opa_println) belongs to nobody's output.
// oxlint-disable-next-line no-console
console.log = () => undefined;

const instances = new Map<number, Instance>();

parentPort?.on('message', (question: Question) => {
  void answer(question).then(
    (value) => parentPort?.postMessage({ value } satisfies Answer),
    (cause: unknown) => parentPort?.postMessage({ problem: messageOf(cause) } satisfies Answer),
  );
});

async function answer(question: Question): Promise<unknown> {
  if (question.kind === 'start') {
    const instance = new Instance(question.module, question.data, question.maxMiB);
    const facts = await instance.start();
    instances.set(question.id, instance);
    return facts;
  }
  const instance = instances.get(question.id);
  if (instance === undefined) throw new Error('the module is not there');
  return instance.evaluate(question.entrypoint, question.input);
}
