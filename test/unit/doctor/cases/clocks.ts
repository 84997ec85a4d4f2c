import { seen } from '../../../../src/doctor/seen.ts';
import { minutes, now } from '../healthy.ts';
import type { Cases } from '../changed.ts';

export const clocks: Cases = {
  'ours ahead': [{ ourNow: now + 11_000 }, ['warning ClockDiffers']],
  'ours behind': [{ ourNow: now - 11_000 }, ['warning ClockDiffers']],
  'a node’s ahead': [{ heartbeats: seen(new Map([['n1', now + minutes(6)]])) }, ['warning NodeClockDiffers']],
  'a node’s behind': [
    { heartbeats: seen(new Map([['n1', now - minutes(6)]])) },
    ['warning NodeClockDiffers'],
  ],
  'no word of any node': [{ heartbeats: seen(new Map()) }, ['unknown NodeClocks']],
};
