// Writes every document, and part of one, that is made from the code.
import { writeFileSync } from 'node:fs';
import { current, generated, root } from './documents.ts';

for (const document of generated) {
  // oxlint-disable-next-line no-await-in-loop -- parts of one file, one after the other
  writeFileSync(root + document.file, await current(document));
}
