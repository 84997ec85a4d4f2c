import type { FactNeeds, Gather } from './facts.ts';
import { selectFacts } from './facts.ts';
import type { Facts } from './input.ts';

/** What another decision was made with. */
export interface Had {
  /** What it asked for. */
  readonly needs: FactNeeds;
  /** What it was given. */
  readonly facts: Facts;
}

/**
 * Answers from the facts of another decision, and asks only for what that one did not have. What has the same name there
 * but asks for something else is another fact. Gives nothing that is not asked for, whatever the other decision had.
 */
export function reusing(had: Had, gather: Gather): Gather {
  return async (wanted, request) => {
    const more = notHad(wanted, had);
    const reused = selectFacts(less(wanted, more), had.facts);
    if (isNothing(more)) return { facts: reused, failures: [] };
    const { facts, failures } = await gather(more, request);
    return { facts: together(reused, facts), failures };
  };
}

function notHad(wanted: FactNeeds, { needs, facts }: Had): FactNeeds {
  return {
    sar: namedNotHad(wanted.sar, needs.sar, facts.sar),
    node: wanted.node && facts.node === undefined,
    claims: wanted.claims && facts.claims === undefined,
    cluster: wanted.cluster && facts.cluster === undefined,
    lookups: namedNotHad(wanted.lookups, needs.lookups, facts.lookups),
    dns: wanted.dns && facts.dns === undefined,
    pending: wanted.pending && facts.pending === undefined,
  };
}

function namedNotHad<T>(
  wanted: Readonly<Record<string, T>>,
  asked: Readonly<Record<string, T>>,
  facts: Readonly<Record<string, unknown>> = {},
): Record<string, T> {
  const isSame = (name: string, need: T) =>
    Object.hasOwn(facts, name) &&
    Object.hasOwn(asked, name) &&
    JSON.stringify(asked[name]) === JSON.stringify(need);
  return Object.fromEntries(Object.entries(wanted).filter(([name, need]) => !isSame(name, need)));
}

/** Without the names that are asked for anew. The other facts are missing wherever they are asked for anew. */
function less(wanted: FactNeeds, { sar, lookups }: FactNeeds): FactNeeds {
  return { ...wanted, sar: lessNames(wanted.sar, sar), lookups: lessNames(wanted.lookups, lookups) };
}

function lessNames<T>(all: Readonly<Record<string, T>>, names: object): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !Object.hasOwn(names, name)));
}

function isNothing({ sar, lookups, ...plain }: FactNeeds): boolean {
  return !Object.values(plain).includes(true) && Object.keys({ ...sar, ...lookups }).length === 0;
}

function together(reused: Facts, gathered: Facts): Facts {
  const sar = { ...reused.sar, ...gathered.sar };
  const lookups = { ...reused.lookups, ...gathered.lookups };
  return {
    ...reused,
    ...gathered,
    ...(Object.keys(sar).length > 0 && { sar }),
    ...(Object.keys(lookups).length > 0 && { lookups }),
  };
}
