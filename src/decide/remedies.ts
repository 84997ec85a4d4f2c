import { refusals } from '../csr/refusals.ts';
import type { Policies } from './decide.ts';
import { hostReasons } from './host-reasons.ts';
import type { Reason } from './verdict.ts';

const ours: ReadonlyMap<string, { readonly remedy: string }> = new Map(
  Object.entries({ ...refusals, ...hostReasons }),
);

/**
 * What is to be done about a reason, in the words of whoever wrote its rule (`custom.remedy` of METADATA).
 * @returns undefined where the code is nobody's
 */
export function remedyOf(
  { code, source }: Reason,
  signerName: string,
  policies: Policies | undefined,
): string | undefined {
  const codes = source === 'policy' ? policies?.signers.get(signerName)?.codes : policies?.floor.codes;
  const rule = source === 'policy' || source === 'floor' ? codes?.get(code) : undefined;
  return (rule ?? ours.get(code))?.remedy;
}
