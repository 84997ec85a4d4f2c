import type { KubeObject } from '../../src/kube/objects.ts';
import { statusOf } from '../integration/scene.ts';
import { audit, type Asked } from './traffic.ts';

/** What is wrong with one request. */
export interface Fault {
  readonly text: string;
  /** Whether it can never come right again. */
  readonly final: boolean;
}

/**
 * Judges what has become of a request. Good is: approved by the policy, once, with a certificate, and with whatever
 * condition others wrote. Of a forged one: nothing at all, though somebody has looked at it.
 *
 * @param csr undefined when it is gone
 * @param decided whether the program has logged a decision on it
 */
export function faultOf(asked: Asked, csr: KubeObject | undefined, decided: boolean): Fault | undefined {
  const { name, kind } = asked;
  if (csr === undefined) return { text: `${name} is gone`, final: true };
  const { conditions, certificate } = statusOf(csr);
  const types = conditions.map(({ type }) => type).sort();
  const has = `${name} (${kind}) has [${types.join()}]`;
  if (kind !== 'good') {
    if (types.length > 0 || certificate !== '') return { text: has, final: true };
    return decided ? undefined : { text: `${name} (${kind}) was never decided`, final: false };
  }
  const expected = asked.audited ? ['Approved', audit.type] : ['Approved'];
  if (types.length > expected.length || types.some((type) => !expected.includes(type)))
    return { text: has, final: true };
  if (types.length < expected.length) return { text: has, final: false };
  const { reason, status } = conditions.find(({ type }) => type === 'Approved') ?? {};
  if (reason !== 'PolicyAllowed' || status !== 'True')
    return { text: `${name} was approved by ${String(reason)}, ${String(status)}`, final: true };
  return certificate === '' ? { text: `${name} has no certificate`, final: false } : undefined;
}
