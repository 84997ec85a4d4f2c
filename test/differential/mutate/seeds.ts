import { buildCSR, type CSRSpec } from '../../support/csr.ts';
import { unarmoured } from '../armour.ts';
import { traps } from '../traps.ts';
import { cloneDraft, draftOf, type Draft } from './draft.ts';
import type { Random } from './random.ts';

/** Another node's request: what an attacker would like to be signed. */
export const other = buildCSR({ node: 'n2', ip: ['10.0.0.2'] }).der;

const GOOD: readonly CSRSpec[] = [
  {},
  {},
  { ip: ['10.0.0.1', 'fd00::1'] },
  { dns: ['n1', 'n1.example.com'], ip: ['10.0.0.1', '203.0.113.1', '2001:db8::1'] },
  { dns: [] },
  { ip: [] },
  { node: 'n1.eu.example.com' },
  { key: 'Ed25519' },
];

const good = GOOD.map((spec) => draftOf(buildCSR(spec).der));

/** The corpus too: a second mutation of a trap finds what one alone does not. */
const bent = traps.flatMap(({ request }) => {
  const der = unarmoured(request);
  return der === undefined || der.length > 4096 ? [] : [draftOf(der)];
});

export const seedOf = (random: Random): Draft => cloneDraft(random.pick(random.chance(0.75) ? good : bent));
