import { readFile } from 'node:fs/promises';
import type { Entrypoint } from '../bundle/bundle.ts';
import { parseBundle } from '../bundle/bundle.ts';
import { floorShape, shapeProblem } from './decision.ts';
import { Engine } from './engine.ts';
import { PolicyError } from '../bundle/error.ts';
import { unpackBundle } from '../bundle/files.ts';
import type { Isolate } from './isolate.ts';
import type { FactNeeds } from './needs.ts';
import { readFloorNeeds, unionOfNeeds } from './needs.ts';
import type { Probe } from './probe.ts';
import type { ReasonCode } from './reasons.ts';
import { readReasons, reasonCodes } from './reasons.ts';
import { Rulebook } from './rulebook.ts';

/** The built-in rules that every approval must pass, whatever the configured policy says. */
export interface Floor {
  /** Of its bundle: of its content, since it is built without one. */
  readonly revision: string;
  /** Facts that the floor demands, whatever the policy asks for, by signer: it judges these signers, and no others. */
  readonly needs: ReadonlyMap<string, FactNeeds>;
  readonly codes: ReadonlyMap<string, ReasonCode>;
  /** Which rule gave a reason, by signer. */
  readonly rules: ReadonlyMap<string, Rulebook>;
  /** Judges the bare request. */
  readonly form: (input: object) => Promise<unknown>;
  /** Judges the request with the facts. */
  readonly facts: (input: object) => Promise<unknown>;
}

// Replaced with the bundle's base64 text when the program is built, so that nobody can swap the file.
declare const FLOOR_BUNDLE: string | undefined;

const form = 'csr/floor/form';
const facts = 'csr/floor/facts';

export async function loadFloor(probe: Probe, isolate?: Isolate): Promise<Floor> {
  const bundle = parseBundle(await unpackBundle(await floorBytes()));
  const engine = await Engine.load(bundle.wasm, bundle.data, isolate);
  const needs = floorNeeds(bundle.entrypoints);
  for (const [signer, asked] of needs) {
    for (const entrypoint of [form, facts]) {
      // oxlint-disable-next-line no-await-in-loop -- two evaluations for each signer, at start
      const result = floorShape.safeParse(await engine.selfTest(entrypoint, probe(signer, asked)));
      if (!result.success) {
        throw new PolicyError('DecisionInvalid', `the floor's ${entrypoint}: ${shapeProblem(result.error)}`);
      }
    }
  }
  const { sources, data } = bundle;
  const metadata = readReasons(sources);
  const bookOf = (signerName: string) =>
    new Rulebook({ metadata, sources, data, root: 'csr.floor', signerName });
  return {
    revision: bundle.revision,
    needs,
    codes: reasonCodes(metadata),
    rules: new Map([...needs.keys()].map((signer) => [signer, bookOf(signer)])),
    form: (input) => engine.evaluate(form, input),
    facts: (input) => engine.evaluate(facts, input),
  };
}

/** A signer counts when both entrypoints judge it. */
function floorNeeds(entrypoints: readonly Entrypoint[]): ReadonlyMap<string, FactNeeds> {
  const [first, ...others] = entrypoints.map(readFloorNeeds);
  const needs = new Map<string, FactNeeds>();
  for (const [signer, asked] of first ?? []) {
    const more = others.flatMap((other) => other.get(signer) ?? []);
    if (more.length === others.length) needs.set(signer, more.reduce(unionOfNeeds, asked));
  }
  return needs;
}

async function floorBytes(): Promise<Uint8Array> {
  if (typeof FLOOR_BUNDLE === 'string') return Buffer.from(FLOOR_BUNDLE, 'base64');
  return readFile(new URL('../../dist/floor.tar.gz', import.meta.url));
}
