import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { functionNames, hostFunctions, restrictedCapabilities, serialised } from './capabilities.ts';
import { opa } from './opa.ts';
import { policiesPath } from './paths.ts';

type Capabilities = Awaited<ReturnType<typeof restrictedCapabilities>>;

describe('policies/capabilities.json', () => {
  const text = readFileSync(policiesPath('capabilities.json'), 'utf8');
  const capabilities = JSON.parse(text) as Capabilities;

  it('is what opa and the WebAssembly runtime have in common', async () => {
    expect(text).toBe(`${serialised(await restrictedCapabilities())}\n`);
  });

  it('lists functions that need nothing of the host', async () => {
    expect(await hostFunctions(capabilities.builtins)).toEqual([]);
  });

  it('leaves out every function that the host would have to supply', async () => {
    const all = JSON.parse(await opa('capabilities', '--current')) as Capabilities;
    const left = all.builtins.filter((builtin) => !functionNames(capabilities).includes(builtin.name));
    const supplied = left.filter(
      ({ name, deprecated }) => deprecated !== true && name !== 'print' && name !== 'trace',
    );
    expect((await hostFunctions(supplied)).sort()).toEqual(supplied.map(({ name }) => name).sort());
    expect(functionNames({ builtins: supplied })).toContain('sprintf');
    expect(functionNames({ builtins: supplied })).toContain('http.send');
  });

  it('allows no connection', () => {
    expect(capabilities.allow_net).toEqual([]);
  });
});
