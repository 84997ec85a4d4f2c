import { withOptions, withPolicies } from '../activation/load.ts';
import { PolicyError } from '../bundle/error.ts';
import { seen, unseen, type Seen } from '../doctor/seen.ts';
import type { Configured, Installation, Snapshot } from '../doctor/snapshot.ts';
import { messageOf } from '../text/message.ts';

/** What the command line says of the policy. */
export interface PolicyAt {
  readonly bundle?: string;
  readonly data?: readonly string[];
}

/**
 * The lookups of the policy that runs. A pod's files are not here: a policy that is in one must be named, or it is not
 * known what it reads.
 */
export async function policyLookups(
  configured: Seen<Configured>,
  own: Seen<Installation | undefined>,
  given: PolicyAt,
): Promise<Snapshot['lookups']> {
  if ('unseen' in configured) return configured;
  const { config, configMap } = configured.value;
  const isNamed = given.bundle !== undefined || given.data !== undefined;
  const args = 'value' in own ? (own.value?.args ?? []) : [];
  const ofPod = args.filter((arg) => /^--(bundle|data)\b/.test(arg));
  const isFile = configMap !== undefined && (isPath(config.policy.bundle) || config.policy.data.length > 0);
  if (!isNamed && (ofPod.length > 0 || isFile)) {
    return unseen(
      'the policy is in a file of the pod: name it with --bundle FILE, and knobs with --data FILE',
    );
  }
  try {
    const chosen = withOptions(onlyNamed(config, isNamed && configMap !== undefined), given);
    return await withPolicies(chosen, ({ floor, signers }) => {
      const needs = [...floor.needs.values(), ...[...signers.values()].map((policy) => policy.needs)];
      return seen(Object.assign({}, ...needs.map(({ lookups }) => lookups)));
    });
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    return unseen(`the policy cannot be loaded here: ${cause.code}: ${messageOf(cause)}`);
  }
}

const isPath = (bundle: string | undefined): boolean =>
  bundle !== undefined && !/^(https?|oci(\+http)?):\/\//.test(bundle);

/** The pod's knobs and keys are files of the pod: what was named here takes their place. */
function onlyNamed(config: Configured['config'], isNamed: boolean): Configured['config'] {
  return isNamed ? { ...config, policy: { ...config.policy, data: [], keys: {} } } : config;
}
