// The thread in which policies are evaluated: it can be ended in the middle of an evaluation, the main one cannot.
// oxlint-disable unicorn/require-post-message-target-origin -- a thread's port, not a window
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../text/message.ts';
import { EvaluationError } from './error.ts';
import { Instance } from './instance.ts';
import { Progress } from './progress.ts';
import type { Answer, EvaluateQuestion, Questions, StartQuestion } from './question.ts';
import { limitTexts } from './text-limits.ts';

// What a policy prints (the SDK's opa_println), and what a builtin that it calls warns of, belongs to nobody's output.
for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) console[method] = () => undefined;
process.removeAllListeners('warning');
limitTexts();

/** Longest problem that is told: a library may put all of its input into a message. */
const maxProblem = 1024;

const instances = new Map<number, Instance>();
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own thread's data
const progress = new Progress(workerData as SharedArrayBuffer);

parentPort?.on('message', (questions: Questions) => {
  void answersTo(questions).then((answers) => parentPort?.postMessage(answers));
});

async function answersTo(questions: Questions): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const [index, question] of questions.entries()) {
    progress.begin(index, process.hrtime.bigint());
    try {
      // oxlint-disable-next-line no-await-in-loop -- a start is the only one
      const value = question.kind === 'start' ? await start(question) : evaluate(question);
      answers.push({ value });
    } catch (cause) {
      // Of a module that threw in the middle of an evaluation nothing can be trusted any more.
      const spoiled = !(cause instanceof EvaluationError && cause.orderly);
      const isUndefined = cause instanceof EvaluationError && cause.isUndefined;
      answers.push({ problem: messageOf(cause).slice(0, maxProblem), spoiled, isUndefined });
      if (!spoiled) continue;
      instances.delete(question.id);
      break;
    }
  }
  return answers;
}

async function start({ id, module, data, maxMiB }: StartQuestion): Promise<unknown> {
  const instance = new Instance(module, data, maxMiB);
  const facts = await instance.start();
  instances.set(id, instance);
  return facts;
}

function evaluate({ id, entrypoint, input }: EvaluateQuestion): string {
  const instance = instances.get(id);
  if (instance === undefined) throw new Error('the module is not there');
  return instance.evaluate(entrypoint, input);
}
