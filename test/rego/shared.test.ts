import { expect, it } from 'vitest';
import { sharedFiles, staleFiles } from './shared.ts';

it('holds the rules of the floor in the default policy word for word', () => {
  expect(sharedFiles().size).toBeGreaterThan(10);
  // Edit the floor's file, then run `node test/rego/shared.ts`.
  expect(staleFiles()).toEqual([]);
});
