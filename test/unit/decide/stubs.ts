import type { Policies } from '../../../src/decide/decide.ts';
import type { Gather } from '../../../src/decide/facts.ts';
import type { Facts } from '../../../src/decide/input.ts';
import type { CertificateRequest } from '../../../src/decide/request.ts';
import { readRequest } from '../../../src/decide/request.ts';
import { noFacts } from '../../../src/policy/needs.ts';
import { readReasons } from '../../../src/policy/reasons.ts';
import { Rulebook } from '../../../src/policy/rulebook.ts';
import { csrObject, type CSRObjectSpec } from '../../support/csr-object.ts';

const SIGNER = 'kubernetes.io/kubelet-serving';

/** One second after the request of `csrObject()` was made. */
export const now = new Date('2026-11-22T06:00:01Z');

export const limits = { maxRequestBytes: 16_384, maxSANs: 64 };

export const passes = { pass: true, deny: [], wait: [] };
export const allows = { allow: true, deny: [], wait: [], warn: [], config_errors: [] };

/** What each of the three entrypoints gives; a function is called, and may throw. */
export interface Says {
  readonly form?: unknown;
  readonly facts?: unknown;
  readonly policy?: unknown;
}

/** Floor and policy that say what they are told to. `asked` collects what was evaluated. */
export function policiesThat(
  says: Says = {},
  asked: { entrypoint: string; input: object }[] = [],
): Policies & { asked: { entrypoint: string; input: object }[] } {
  const side = (entrypoint: string, answer: unknown) => async (input: object) => {
    asked.push({ entrypoint, input });
    return typeof answer === 'function' ? Reflect.apply(answer, undefined, []) : answer;
  };
  const given = { form: passes, facts: passes, policy: allows, ...says };
  return {
    asked,
    floor: {
      revision: 'f1',
      needs: new Map([[SIGNER, { ...noFacts, node: true }]]),
      codes: new Map(),
      rules: new Map(),
      form: side('form', given.form),
      facts: side('facts', given.facts),
    },
    signers: new Map([
      [
        SIGNER,
        {
          signerName: SIGNER,
          entrypoint: 'csr/test/decision',
          revision: 'r1',
          needs: { ...noFacts, cluster: true },
          maxAgeSeconds: 900,
          codes: new Map(),
          rules: new Rulebook({
            metadata: readReasons(new Map()),
            sources: new Map(),
            data: {},
            root: 'csr.test',
            signerName: SIGNER,
          }),
          evaluate: side('policy', given.policy),
        },
      ],
    ]),
  };
}

export const gathers =
  (facts: Facts = {}): Gather =>
  () =>
    Promise.resolve({ facts, failures: [] });

export function request(spec: CSRObjectSpec = {}): CertificateRequest {
  const read = readRequest(csrObject(spec));
  if ('problem' in read) throw new Error(read.problem);
  return read;
}
