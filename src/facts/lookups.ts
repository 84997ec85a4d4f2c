import type { LookupQuery } from '../decide/facts.ts';
import type { LookupFact, RequestInput } from '../decide/input.ts';
import { isRecord, recordOf, textOf } from '../kube/json.ts';
import { asObject, type KubeObject } from '../kube/objects.ts';
import type { ResourceRef } from '../kube/resources.ts';
import { isLabelValue, isNamespace, isObjectName } from '../text/names.ts';
import { fill } from '../text/template.ts';
import { SharedLists } from './shared-lists.ts';
import { wordOf } from './words.ts';

/** Reads objects of any resource, anew each time. */
export interface ObjectSource {
  /** Undefined when there is no such object. */
  readonly get: (ref: ResourceRef, name: string) => Promise<KubeObject | undefined>;
  readonly pages: (ref: ResourceRef, labelSelector: string) => AsyncIterable<readonly unknown[]>;
}

/** Most objects of one lookup that a policy is shown. */
const maxObjects = 16;

/** Most JSON of one lookup, in bytes: an evaluation has 32 MiB and a tenth of a second for everything. */
const maxBytes = 256 * 1024;

/** How long a list may take, over all of its pages. */
const listMs = 10_000;

/** The `lookups` facts. Any object of the cluster, whatever wrote it. */
export class Lookups {
  readonly #source: ObjectSource;
  readonly #lists: SharedLists;

  constructor(source: ObjectSource, deadlineMs: number = listMs) {
    this.#source = source;
    this.#lists = new SharedLists(deadlineMs);
  }

  /** @throws Error when the objects cannot be read, or are too much */
  async find(query: LookupQuery, request: RequestInput): Promise<LookupFact> {
    const asked = filled(query, request);
    if (asked === undefined) return { found: false, objects: [], more: false };
    const { ref, name, selector, match } = asked;
    const found = new Found(match);
    if (name === '') {
      const key = JSON.stringify([ref, selector]);
      await this.#lists.read(
        key,
        () => this.#source.pages(ref, selector),
        (item) => found.add(item),
      );
    } else {
      const object = await this.#source.get(ref, name);
      if (object !== undefined) found.add(object);
    }
    return found.fact();
  }
}

interface Asked {
  readonly ref: ResourceRef;
  readonly name: string;
  readonly selector: string;
  readonly match: readonly (readonly [path: string, text: string])[];
}

/** The query of this request; undefined where it asks for what no object can be called or labelled. */
function filled(query: LookupQuery, request: RequestInput): Asked | undefined {
  const text = (template: string) => fill(template, (word) => wordOf(word, request));
  const all = (templates: Readonly<Record<string, string>>) =>
    Object.entries(templates)
      .map(([key, template]) => [key, text(template)] as const)
      .filter((pair): pair is [string, string] => pair[1] !== undefined);
  const { group, version, resource } = query;
  const [namespace, name, labels, match] = [
    text(query.namespace),
    text(query.name),
    all(query.labels),
    all(query.match),
  ];
  if (namespace === undefined || (namespace !== '' && !isNamespace(namespace))) return undefined;
  if (name === undefined || (name !== '' && !isObjectName(name))) return undefined;
  if (labels.length < Object.keys(query.labels).length) return undefined;
  if (match.length < Object.keys(query.match).length) return undefined;
  if (!labels.every(([, value]) => isLabelValue(value))) return undefined;
  const selector = labels.map(([key, value]) => `${key}=${value}`).join();
  return { ref: { group, version, resource, namespace }, name, selector, match };
}

/** What a lookup has found so far. */
class Found {
  readonly #match: Asked['match'];
  readonly #objects: KubeObject[] = [];
  #bytes = 0;
  #more = false;

  constructor(match: Asked['match']) {
    this.#match = match;
  }

  /** @returns whether there can be more of interest */
  add(item: unknown): boolean {
    if (!this.#match.every(([path, text]) => textAt(item, path) === text)) return true;
    if (this.#objects.length === maxObjects) {
      this.#more = true;
      return false;
    }
    const object = withoutManagedFields(asObject(item));
    this.#bytes += Buffer.byteLength(JSON.stringify(object));
    if (this.#bytes > maxBytes) {
      throw new Error(`the objects have more than ${String(maxBytes)} bytes: ask for fewer, or smaller ones`);
    }
    this.#objects.push(object);
    return true;
  }

  fact(): LookupFact {
    const objects = this.#objects.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    return { found: objects.length > 0, objects, more: this.#more };
  }
}

function textAt(item: unknown, path: string): unknown {
  let inner = item;
  for (const field of path.split('.')) {
    if (!isRecord(inner) || !Object.hasOwn(inner, field)) return undefined;
    inner = inner[field];
  }
  return inner;
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** No name has a character below the separator. */
function placeOf({ metadata }: KubeObject): string {
  return `${textOf(recordOf(metadata)['namespace'])}\0${metadata.name}`;
}
