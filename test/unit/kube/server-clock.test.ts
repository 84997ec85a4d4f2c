import { expect, test } from 'vitest';
import { ServerClock } from '../../../src/kube/server-clock.ts';

const start = Date.parse('2026-11-22T06:00:00Z');
const second = 1000;

function clockAt(first = 500) {
  let mono = first;
  const clock = new ServerClock(() => mono);
  return {
    clock,
    wait: (ms: number) => (mono += ms),
    /** @param forMs so long the answer was waited for */
    saw: (ms: number, forMs = 0) => clock.saw(new Date(start + ms).toUTCString(), mono - forMs),
    now: () => (clock.now()?.getTime() ?? NaN) - start,
  };
}

test('is not known before the first answer', () => {
  const { clock } = clockAt();
  expect(clock.now()).toBeUndefined();
});

test('goes on by the monotonic clock', () => {
  const { saw, wait, now } = clockAt();
  saw(0);
  wait(90 * second);
  expect(now()).toBe(90 * second);
});

test('is not put back by whole seconds, nor by an answer that is late', () => {
  const { saw, wait, now } = clockAt();
  saw(0);
  wait(900);
  saw(0);
  expect(now()).toBe(900);
  wait(4 * second);
  saw(second);
  expect(now()).toBe(4900);
});

test('is not put back by an answer that may have been on its way for so long', () => {
  const { saw, wait, now } = clockAt();
  saw(0);
  wait(60 * second);
  saw(second, 60 * second);
  expect(now()).toBe(60 * second);
  wait(60 * second);
  saw(50 * second, 60 * second);
  expect(now()).toBe(50 * second);
});

test('comes nearer with each answer that is less late', () => {
  const { saw, wait, now } = clockAt();
  saw(0);
  wait(200);
  saw(second);
  expect(now()).toBe(second);
});

test.each([3600, -3600, -6])('follows the server where that is set by %i s', (seconds) => {
  const { saw, wait, now } = clockAt();
  saw(0);
  wait(second);
  saw((seconds + 1) * second);
  expect(now()).toBe((seconds + 1) * second);
});

test.each([undefined, '', 'yesterday', ['Sun, 22 Nov 2026 06:00:00 GMT']])(
  'takes nothing from %j',
  (date) => {
    const { clock } = clockAt();
    clock.saw(date, 0);
    expect(clock.now()).toBeUndefined();
  },
);
