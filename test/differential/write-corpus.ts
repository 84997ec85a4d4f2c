/** Writes test/differential/corpus anew from the tables in traps/: `node test/differential/write-corpus.ts`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Oracle } from '../oracle/oracle.ts';
import { corpusDirectory, corpusFiles } from './corpus.ts';
import { traps } from './traps.ts';

const oracle = await Oracle.start();
const files = corpusFiles(await oracle.askAll(traps.map(({ request }) => request)));
await oracle.close();
rmSync(corpusDirectory, { recursive: true, force: true });
mkdirSync(corpusDirectory);
for (const [name, content] of files) writeFileSync(join(corpusDirectory, name), content);
console.log(`${files.size} files written`);
