import { toPEM } from '../support/csr.ts';
import { cloneTree, encodeTree, walk, type DerNode } from '../support/der-tree.ts';
import { unarmoured } from './armour.ts';
import { draftOf, render } from './mutate/draft.ts';
import { prepare, type Recipe } from './mutate/mutant.ts';

/** Whether a request still breaks the law. */
export type Breaks = (request: Uint8Array) => Promise<boolean>;

/** Tried at most: each is a question to the oracle. */
const MAX_TRIES = 2000;

/** A request that breaks the law with as few steps, and then as few and short elements, as can be found. */
export async function minimise(
  made: Recipe,
  breaks: Breaks,
): Promise<{ recipe: Recipe; request: Uint8Array }> {
  const recipe = await fewerSteps(made, breaks);
  return { recipe, request: await smaller(prepare(recipe), breaks) };
}

async function fewerSteps(made: Recipe, breaks: Breaks): Promise<Recipe> {
  let best = made;
  for (let i = 0; i < best.steps.length;) {
    const fewer = { ...best, steps: best.steps.toSpliced(i, 1) };
    if (await breaks(prepare(fewer))) best = fewer;
    else i += 1;
  }
  return best;
}

async function smaller(request: Uint8Array, breaks: Breaks): Promise<Uint8Array> {
  const der = unarmoured(request);
  // Only what is armoured canonically can be armoured again without losing what is wrong with it.
  if (der === undefined || toPEM(der) !== Buffer.from(request).toString('latin1')) return request;
  let best = request;
  let root = draftOf(der).root;
  let tries = 0;
  for (let at = 1; at < walk(root).length && tries < MAX_TRIES; at += 1) {
    for (const shrink of [drop, empty, halve]) {
      const candidate = cloneTree(root);
      if (!shrink(candidate, at)) continue;
      const attempt = render(draftOf(encodeTree(candidate)));
      tries += 1;
      if (attempt.length >= best.length || !(await breaks(attempt))) continue;
      [best, root] = [attempt, candidate];
      at -= 1;
      break;
    }
  }
  return best;
}

type Shrink = (root: DerNode, at: number) => boolean;

const drop: Shrink = (root, at) => {
  const node = walk(root)[at];
  const parent = walk(root).find(({ children }) => node !== undefined && children.includes(node));
  if (node === undefined || parent === undefined) return false;
  parent.children = parent.children.filter((other) => other !== node);
  return true;
};

const empty: Shrink = (root, at) => {
  const node = walk(root)[at];
  if (node === undefined || node.children.length === 0) return false;
  node.children = [];
  return true;
};

const halve: Shrink = (root, at) => {
  const node = walk(root)[at];
  if (node === undefined || node.content.length < 2) return false;
  node.content = node.content.slice(0, Math.ceil(node.content.length / 2));
  return true;
};
