import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RefusalCode } from '../../src/csr/refusals.ts';
import { Oracle } from '../oracle/oracle.ts';
import { campaign } from './campaign.ts';
import { minimise } from './minimise.ts';
import { prepare, recipe, type Recipe } from './mutate/mutant.ts';
import { readRequest } from './reading.ts';
import { keep } from './regressions.ts';
import { describeTally } from './tally.ts';

const number = (name: string, usual: number): number => Number(process.env[name] ?? usual);

const mutants = number('MUTANTS', 100_000);
const seed = number('MUTANT_SEED', randomInt(2 ** 31));
const threads = number('MUTANT_THREADS', Math.min(4, Math.max(2, availableParallelism())));

/** Met by hundreds in any campaign of the usual size: a mutator that misses one has lost its aim. */
const IMPORTANT: readonly RefusalCode[] = [
  'PEMMissing',
  'PEMNotSingle',
  'PEMLabelWrong',
  'PEMNotCanonical',
  'DERTruncated',
  'DERElementMissing',
  'DERTagUnexpected',
  'DERLengthIndefinite',
  'DERLengthNotMinimal',
  'DERTrailingData',
  'DERIntegerNotMinimal',
  'DERBitStringNotCanonical',
  'DERObjectIdentifierInvalid',
  'VersionNotZero',
  'SubjectNotSingle',
  'SubjectRDNMultiValued',
  'SubjectAttributeUnknown',
  'SubjectStringType',
  'SubjectValueEmpty',
  'SubjectValueTooLong',
  'SubjectValueInvalid',
  'KeyAlgorithmNotAllowed',
  'KeyParametersInvalid',
  'KeyCurveNotAllowed',
  'KeyPointInvalid',
  'KeySizeNotAllowed',
  'AttributeUnknown',
  'AttributesNotSingle',
  'AttributeValuesNotSingle',
  'ExtensionUnknown',
  'ExtensionsNotSingle',
  'SANsEmpty',
  'SANKindUnknown',
  'SANOtherName',
  'SANTextEmpty',
  'SANTextInvalid',
  'SANURINotCanonical',
  'SANAddressLength',
  'SANAddressEmbedsIPv4',
  'SignatureAlgorithmNotAllowed',
  'SignatureParametersInvalid',
  'SignatureNotCanonical',
  'SignatureInvalid',
];

let oracle: Oracle;
beforeAll(async () => {
  oracle = await Oracle.start();
});
afterAll(() => oracle.close());

describe('a campaign of mutants', () => {
  it('never breaks the law', { timeout: Math.max(300_000, mutants * 10) }, async () => {
    console.log(`MUTANT_SEED=${seed} MUTANTS=${mutants} (${threads} threads)`);
    const started = performance.now();
    const { tally, failures } = await campaign(seed, mutants, threads);
    console.log(`${describeTally(tally)}\n  in ${((performance.now() - started) / 1000).toFixed(1)} s`);

    const kept = [];
    for (const failure of failures.slice(0, 10))
      kept.push([await keep(oracle, failure), ...failure.breaches]);
    expect(kept, `MUTANT_SEED=${seed}: minimised and kept in test/differential/regressions`).toEqual([]);

    // A mutator whose mutants nobody accepts proves nothing.
    expect(tally.total).toBe(mutants);
    expect(tally.acceptedByUs / mutants).toBeGreaterThan(0.05);
    expect(tally.acceptedByGo / mutants).toBeGreaterThan(0.25);
    if (mutants >= 50_000) expect(IMPORTANT.filter((code) => !tally.refusals[code])).toEqual([]);
  });
});

describe('the mutator', () => {
  it('makes the same mutants from the same seed', () => {
    for (let n = 0; n < 50; n += 1) expect(prepare(recipe(7, n))).toEqual(prepare(recipe(7, n)));
  });

  it('leaves out of a failure what does not make it fail', async () => {
    const rdns = Array.from({ length: 50 }, (_, n) => withSurplusSteps(n));
    const failing = rdns.find((one) => refusesSubject(prepare(one)));
    if (failing === undefined) throw new TypeError('no subject is refused');
    const small = await minimise(failing, (request) => Promise.resolve(refusesSubject(request)));
    expect(small.recipe.steps.map(({ name }) => name)).toEqual(['addRDN']);
    expect(small.request.length).toBeLessThan(prepare(small.recipe).length);
  });
});

const withSurplusSteps = (rdn: number): Recipe => ({
  seed: 5,
  steps: [
    { name: 'addName', seed: 1 },
    { name: 'addRDN', seed: rdn },
    { name: 'newNames', seed: 3 },
  ],
});

function refusesSubject(request: Uint8Array): boolean {
  const reading = readRequest(request);
  return !reading.accepted && reading.code.startsWith('Subject');
}
