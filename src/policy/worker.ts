// The thread in which policies are evaluated: it can be ended in the middle of an evaluation, the main one cannot.
// oxlint-disable unicorn/require-post-message-target-origin -- a thread's port, not a window
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../text/message.ts';
import { EvaluationError } from './error.ts';
import { Instance } from './instance.ts';
import type { Answer, Question } from './question.ts';
import { limitTexts } from './text-limits.ts';

// What a policy prints (the SDK's opa_println), and what a builtin that it calls warns of, belongs to nobody's output.
for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) console[method] = () => undefined;
process.removeAllListeners('warning');
limitTexts();

/** Longest problem that is told: a library may put all of its input into a message. */
const maxProblem = 1024;

const instances = new Map<number, Instance>();

parentPort?.on('message', (question: Question) => {
  void answer(question).then(
    (value) => parentPort?.postMessage({ value } satisfies Answer),
    (cause: unknown) => {
      // Of a module that threw in the middle of an evaluation nothing can be trusted any more.
      const spoiled = !(cause instanceof EvaluationError && cause.orderly);
      if (spoiled) instances.delete(question.id);
      parentPort?.postMessage({ problem: messageOf(cause).slice(0, maxProblem), spoiled } satisfies Answer);
    },
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
