import { armourMutations, byteMutations } from './armour.ts';
import { render } from './draft.ts';
import { Random } from './random.ts';
import { harmlessMutations, requestMutations } from './request.ts';
import { seedOf } from './seeds.ts';
import { treeMutations, type Mutation } from './tree.ts';

/** How a mutant is made: from nothing but these numbers and names. */
export interface Recipe {
  readonly seed: number;
  readonly steps: readonly { readonly name: string; readonly seed: number }[];
}

const families: readonly (readonly [weight: number, family: Readonly<Record<string, Mutation>>])[] = [
  [36, harmlessMutations],
  [26, requestMutations],
  [24, treeMutations],
  [9, armourMutations],
  [5, byteMutations],
];

const byName = new Map(families.flatMap(([, family]) => Object.entries(family)));
const names = families.map(([weight, family]) => [weight, Object.keys(family)] as const);
const total = families.reduce((sum, [weight]) => sum + weight, 0);

function pickName(random: Random): string {
  let ticket = random.int(total);
  for (const [weight, family] of names) {
    if (ticket < weight) return random.pick(family);
    ticket -= weight;
  }
  throw new TypeError('the weights do not add up');
}

/** The n-th recipe of a campaign. Mostly one step: two disturbances often hide each other. */
export function recipe(campaign: number, n: number): Recipe {
  const random = Random.nth(campaign, n);
  let count = 1;
  while (count < 5 && random.chance(0.35)) count += 1;
  return {
    seed: random.uint32(),
    steps: Array.from({ length: count }, () => ({ name: pickName(random), seed: random.uint32() })),
  };
}

/** The request that a recipe makes. Each step has randomness of its own, so that others can be left out. */
export function prepare({ seed, steps }: Recipe): Uint8Array {
  const draft = seedOf(new Random(seed));
  for (const step of steps) byName.get(step.name)?.(draft, new Random(step.seed));
  return render(draft);
}
