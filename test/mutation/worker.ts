/** A process that runs test files against mutants, without a start of Node and of libraries for each. */
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { firstFailure } from './harness.ts';
import type { Answer, Task } from './protocol.ts';

const [root = '', seed = ''] = process.argv.slice(2);
const rootURL = `${pathToFileURL(root).href}/`;
const harness = new URL('harness.ts', import.meta.url).href;

// A mutant that only a lucky seed kills would come and go.
fc.configureGlobal({ seed: Number(seed) });

let current: Task | undefined;
const plain = new Map<string, string>();

/** Loaded anew for each mutant; libraries and test keys are loaded once. */
const isOurs = (url: string): boolean =>
  url.startsWith(rootURL) && !url.startsWith(`${rootURL}test/support/`) && !url.includes('/node_modules/');

const plainText = (path: string): string => {
  const known = plain.get(path) ?? stripTypeScriptTypes(readFileSync(path, 'utf8'));
  plain.set(path, known);
  return known;
};

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'vitest' && context.parentURL?.startsWith(rootURL)) {
      return { url: harness, shortCircuit: true };
    }
    const resolved = next(specifier, context);
    return isOurs(resolved.url) ? { ...resolved, url: `${resolved.url}?mutant=${current?.id}` } : resolved;
  },
  load(url, context, next) {
    if (!isOurs(url)) return next(url, context);
    const path = fileURLToPath(url);
    const mutated = current !== undefined && path === join(root, current.file);
    return { format: 'module', source: mutated ? current?.text : plainText(path), shortCircuit: true };
  },
});

const answer = (message: Answer): void => {
  process.send?.(message);
};

async function run(task: Task): Promise<void> {
  current = task;
  for (const file of task.tests) {
    answer({ kind: 'began', file });
    // oxlint-disable-next-line no-await-in-loop -- the first file that fails is enough
    const failed = await firstFailure(() => import(pathToFileURL(join(root, file)).href));
    if (failed !== undefined) {
      answer({ kind: 'killed', file, test: failed });
      return;
    }
  }
  answer({ kind: 'survived' });
}

process.on('message', (task: Task) => void run(task));
answer({ kind: 'ready' });
