import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Oracle } from '../oracle/oracle.ts';
import { formatCase, requestOf, signerLine } from './case-file.ts';
import type { Failure } from './campaign.ts';
import { judge } from './judge.ts';
import { breaches } from './law.ts';
import { minimise } from './minimise.ts';
import { readRequest } from './reading.ts';

/** Requests that once broke the law. Every one found is kept, made small; none is ever removed. */
const regressionsDirectory = join(import.meta.dirname, 'regressions');

export function regressions(): { readonly name: string; readonly request: Uint8Array }[] {
  const files = readdirSync(regressionsDirectory).filter((file) => file.endsWith('.txt'));
  return files.sort().map((name) => ({
    name,
    request: requestOf(readFileSync(join(regressionsDirectory, name), 'utf8')),
  }));
}

/** What breaks the law in a request, both sides asked. */
export async function breachesOf(oracle: Oracle, request: Uint8Array): Promise<readonly string[]> {
  return breaches(request, readRequest(request), await oracle.ask(request), judge);
}

/** Writes the file and gives its name. */
export async function keep(oracle: Oracle, failure: Failure): Promise<string> {
  const kind = kindOf(failure.breaches);
  const { recipe, request } = await minimise(
    failure.recipe,
    async (candidate) => kindOf(await breachesOf(oracle, candidate)) === kind,
  );
  const ours = readRequest(request);
  const name = `${createHash('sha256').update(request).digest('hex').slice(0, 12)}.txt`;
  const file = formatCase({
    name: `${name}, from ${JSON.stringify(recipe)}`,
    bends: (await breachesOf(oracle, request)).join('; '),
    clause: 'the law (law.ts)',
    ours: ours.accepted ? 'accepts' : `refuses with ${ours.code}`,
    signer: signerLine(await oracle.ask(request)),
    request,
  });
  mkdirSync(regressionsDirectory, { recursive: true });
  writeFileSync(join(regressionsDirectory, name), file);
  return name;
}

/** The first breach without the values in it: a smaller request must fail in the same way. */
const kindOf = ([first = '']: readonly string[]): string =>
  first.replace(/ differs: .*/s, '').replaceAll(/\d+/g, '#');
