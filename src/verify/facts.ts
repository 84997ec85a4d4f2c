import type { FactFailure, FactNeeds, Gather } from '../decide/facts.ts';
import { ClaimsIndex, nodeClaims } from '../facts/claims.ts';
import type { AddressCap } from '../facts/node.ts';
import { missingNode, nodeFact, nodeNameOf } from '../facts/node.ts';
import { textsOf } from '../kube/json.ts';
import type { Json } from './changes.ts';
import { at, change, isJson } from './changes.ts';
import { describedNodes } from './description.ts';
import type { CaseEntry } from './files.ts';
import { nodesOf } from './nodes.ts';

/** Every fact of the input document; an entrypoint asks for some of them. */
export const factNames = ['sar', 'node', 'claims', 'cluster', 'lookups', 'dns', 'pending'] as const;

/** Facts of which a policy names the parts. */
const namedFacts = ['sar', 'lookups'] as const;

/**
 * All facts about a request in the world of a case, as the program gathers them, with the case's own changes.
 * @param request the request document; a case may have made anything of it
 */
export function factsOf(entry: CaseEntry, request: Json, cap: AddressCap): Json {
  const { definition, world, source, path } = entry;
  const nodes = nodesOf(world, describedNodes(entry));
  const claims = new ClaimsIndex();
  for (const node of nodes) claims.upsert(nodeClaims(node, cap));
  const names = { dns: textsOf(at(request, 'sans.dns')), ip: textsOf(at(request, 'sans.ip')) };
  const username = at(request, 'requestor.username');
  const name = typeof username === 'string' ? nodeNameOf(username) : undefined;
  const own = nodes.find((node) => node.metadata.name === name);
  const facts: Json = structuredClone({
    sar: world?.sar ?? {},
    node: own === undefined ? missingNode(name ?? '') : nodeFact(own, cap),
    claims: claims.claimsOf(names),
    ...(world?.cluster === undefined ? {} : { cluster: world.cluster }),
    lookups: world?.lookups ?? {},
    ...(world?.dns === undefined ? {} : { dns: resolutionsOf(names.dns, world.dns) }),
    ...(world?.pending === undefined ? {} : { pending: world.pending }),
  });
  const overCap = name === undefined ? undefined : definition.nodes?.[name]?.addresses_over_cap;
  if (overCap !== undefined && isJson(facts['node'])) facts['node']['addresses_over_cap'] = overCap;
  applyChanges(entry, facts);
  for (const fact of Object.keys(facts)) {
    if (!(factNames as readonly string[]).includes(fact))
      throw source.error([...path, 'facts', fact], `facts: ${fact} is no fact (${factNames.join(', ')})`);
  }
  return facts;
}

/** The facts that a case changes. */
export function applyChanges({ definition, source, path }: CaseEntry, facts: Json): void {
  const changes = definition.facts ?? {};
  const misspelt = Object.keys(changes).find((name) => !isKnown(facts, name));
  const nowhere = misspelt ?? change(facts, changes);
  if (nowhere !== undefined) {
    throw source.error([...path, 'facts', nowhere], `facts: there is nothing to change at ${nowhere}`);
  }
}

/** Facts have all of their members, so that a new one is a mistake; only some are maps whose keys are free. */
function isKnown(facts: Json, path: string): boolean {
  const parent = path.slice(0, Math.max(path.lastIndexOf('.'), 0));
  const free = ['', ...namedFacts, 'node.labels', 'node.annotations'];
  return free.includes(parent) || parent.startsWith('lookups.') || at(facts, path) !== undefined;
}

function resolutionsOf(names: readonly string[], zone: Readonly<Record<string, readonly string[]>>): Json[] {
  const distinct = new Set(names.map((name) => name.toLowerCase()));
  return [...distinct].map((name) => {
    const addresses = [...(zone[name] ?? [])].sort();
    return { name, found: addresses.length > 0, addresses };
  });
}

/**
 * Answers from facts that are known already; what is asked for and not among them could not be obtained. What is not
 * asked for is left out: a policy that forgot to ask must fail here as it does in the cluster.
 */
export function gatherFrom(factsAbout: (request: Json) => Json): Gather {
  return (needs, request) => {
    const known = factsAbout({ ...request });
    const missing = missingFacts(needs, known).map(notObtained);
    return Promise.resolve({ facts: selected(needs, known), failures: missing });
  };
}

/** The same for a document that shows its facts: it lacks a fact only as a whole. */
export function gatherFromDocument(known: Json): Gather {
  return (needs) => {
    const failures = wanted(needs).filter((name) => known[name] === undefined);
    return Promise.resolve({ facts: selected(needs, known), failures: failures.map(notObtained) });
  };
}

/** What `selectFacts` selects, of facts that may have any shape: a case shows how a policy takes them. */
function selected(needs: FactNeeds, known: Json): Json {
  const facts = wanted(needs).flatMap((name): [string, unknown][] => {
    const fact = known[name];
    if (fact === undefined) return [];
    const need = needs[name];
    return [[name, typeof need === 'object' && isJson(fact) ? named(need, fact) : fact]];
  });
  return Object.fromEntries(facts);
}

function named(need: object, fact: Json): Json {
  return Object.fromEntries(Object.entries(fact).filter(([name]) => Object.hasOwn(need, name)));
}

function wanted(needs: FactNeeds): (typeof factNames)[number][] {
  return factNames.filter((name) => {
    const need = needs[name];
    return typeof need === 'object' ? Object.keys(need).length > 0 : need;
  });
}

function missingFacts(needs: FactNeeds, known: Json): string[] {
  const whole = wanted(needs).filter((name) => !(namedFacts as readonly string[]).includes(name));
  const parts = namedFacts.flatMap((fact) => Object.keys(needs[fact]).map((name) => `${fact}.${name}`));
  return [...whole, ...parts].filter((path) => at(known, path) === undefined).sort();
}

function notObtained(fact: string): FactFailure {
  return { fact, message: 'neither the world of the case nor the case itself says what it is' };
}
