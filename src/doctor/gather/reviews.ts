import { createSubjectAccessReview } from '../../kube/calls.ts';
import {
  anybody,
  approveFor,
  everySigner,
  keyOf,
  lookupAccess,
  node,
  program,
  registerNode,
  selfnodeserver,
  serving,
  unwanted,
  updateApproval,
  wanted,
  type Question,
} from '../access.ts';
import { sampleNode } from '../checks/api-server.ts';
import { permission, reads } from '../reads.ts';
import { hint } from '../seen.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Looker } from './look.ts';

type Given = Pick<Snapshot, 'target' | 'config' | 'lookups' | 'nodes'>;

/** Everything that the checks want to have asked of the API server's authorizer. */
function questions({ target, config, lookups, nodes }: Given): readonly Question[] {
  const configured = hint(config)?.config;
  const ofProgram = [
    ...(configured === undefined ? [] : [...wanted(target, configured), ...unwanted(target, configured)]),
    ...Object.values(hint(lookups) ?? {}).map(lookupAccess),
  ];
  const sample = sampleNode({ nodes });
  return [
    ...ofProgram.map((attributes) => ({ ...program(target), attributes })),
    ...[registerNode, selfnodeserver].map((attributes) => ({ ...node(sample), attributes })),
    ...[updateApproval, approveFor(serving), approveFor(everySigner)].map((attributes) => ({
      ...anybody,
      attributes,
    })),
  ];
}

export async function reviews(looker: Looker, given: Given): Promise<Snapshot['reviews']> {
  const answered = questions(given).map(async (question) => {
    const answer = await looker.look(permission(reads.reviews), () => ask(looker, question));
    return [keyOf(question), answer] as const;
  });
  return new Map(await Promise.all(answered));
}

async function ask(looker: Looker, { user, groups, attributes }: Question) {
  const { resource, ...rest } = attributes;
  const [main = '', subresource = ''] = resource.split('/');
  const resourceAttributes = { ...rest, resource: main, ...(subresource !== '' && { subresource }) };
  const { allowed, reason, evaluationError } = await createSubjectAccessReview(
    looker.client,
    { user, groups, resourceAttributes },
    looker.options,
  );
  // An authorizer that failed has not said no.
  if (!allowed && evaluationError !== '')
    throw new Error(`the access review could not be evaluated: ${evaluationError}`);
  return { allowed, reason };
}
