import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oracle } from '../oracle/oracle.ts';
import { breachesOf, regressions } from './regressions.ts';

let oracle: Oracle;
beforeAll(async () => {
  oracle = await Oracle.start();
});
afterAll(() => oracle.close());

describe('requests that once broke the law', () => {
  const kept = regressions();

  it('are kept by their bytes', () => {
    expect(new Set(kept.map(({ request }) => Buffer.from(request).toString('hex'))).size).toBe(kept.length);
  });

  it('do so no more', async () => {
    for (const { name, request } of kept) expect(await breachesOf(oracle, request), name).toEqual([]);
  });
});
