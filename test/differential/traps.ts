import { accepted } from './traps/accepted.ts';
import { attributes } from './traps/attributes.ts';
import { der } from './traps/der.ts';
import { key } from './traps/key.ts';
import { names } from './traps/names.ts';
import { pem } from './traps/pem.ts';
import { signature } from './traps/signature.ts';
import { subject } from './traps/subject.ts';
import type { Trap } from './trap.ts';

/** The whole corpus: what is written under corpus/, one file for each. */
export const traps: readonly Trap[] = [
  ...accepted,
  ...pem,
  ...der,
  ...subject,
  ...key,
  ...attributes,
  ...names,
  ...signature,
];
