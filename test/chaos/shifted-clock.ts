/**
 * Loaded into the program before it begins (`node --import`): its wall clock is off by as many milliseconds as the file
 * CLOCK_SHIFT_FILE says, from one moment to the next, as when somebody sets the machine's. Timers and monotonic clocks
 * go on, as they do then. Node's own check of certificates by the machine's clock is not touched.
 */
import { readFileSync } from 'node:fs';

const file = process.env['CLOCK_SHIFT_FILE'] ?? '';
const { now } = Date;

const shifted = (): number => now() + Number(readFileSync(file, 'utf8'));

globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    args.length === 0 ? new target(shifted()) : (Reflect.construct(target, args, newTarget) satisfies object),
  apply: (target) => new target(shifted()).toString(),
  get: (target, property, receiver): unknown =>
    property === 'now' ? shifted : Reflect.get(target, property, receiver),
});
