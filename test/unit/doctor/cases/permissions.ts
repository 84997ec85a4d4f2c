import {
  anybody,
  approveFor,
  keyOf,
  lookupAccess,
  node,
  selfnodeserver,
  serving,
  updateApproval,
} from '../../../../src/doctor/access.ts';
import { seen, unseen } from '../../../../src/doctor/seen.ts';
import {
  answer,
  allowed,
  denied,
  ofProgram,
  rbac,
  subject,
  switchRole,
  bound,
  withoutSwitch,
  role,
  requests,
  lookups,
} from '../changed.ts';
import { healthy } from '../healthy.ts';
import type { Cases } from '../changed.ts';

export const permissions: Cases = {
  'one missing': [answer(ofProgram(updateApproval), denied), ['error PermissionMissing']],
  'one too many': [
    answer(ofProgram(approveFor('kubernetes.io/legacy-unknown')), allowed),
    ['warning PermissionExcess'],
  ],
  'a review that failed': [
    {
      reviews: new Map([
        ...healthy.reviews,
        [keyOf(ofProgram(updateApproval)), unseen('no', 'create reviews')],
      ]),
    },
    ['unknown OwnAccess'],
  ],
  'a lookup that is allowed': [
    { lookups: seen(lookups), ...answer(ofProgram(lookupAccess(lookups.machine)), allowed) },
    [],
  ],
  'a lookup that is forbidden': [
    { lookups: seen(lookups), ...answer(ofProgram(lookupAccess(lookups.machine)), denied) },
    ['error LookupForbidden'],
  ],
  'a policy that is not here': [{ lookups: unseen('name it') }, ['unknown LookupAccess']],
  'the switch is off': [withoutSwitch(), ['error NobodyGranted']],
  'single nodes have it, all of them': [
    withoutSwitch(subject('User', 'system:node:n1'), subject('User', 'system:node:cp')),
    [],
  ],
  'single nodes have it, but one': [
    withoutSwitch(subject('User', 'system:node:n1')),
    ['warning NodesNotGranted'],
  ],
  'another authorizer grants it': [
    { ...withoutSwitch(), ...answer({ ...node('n1'), attributes: selfnodeserver }, allowed) },
    ['warning GrantNotByRBAC'],
  ],
  'another binding of the role': [
    bound(switchRole, subject('Group', 'system:nodes')),
    ['warning OtherGrant'],
  ],
  'a binding of one node beside it': [
    bound(switchRole, subject('User', 'system:node:n1')),
    ['warning OtherGrant'],
  ],
  'a binding to everybody': [
    bound(switchRole, subject('Group', 'system:authenticated')),
    ['warning OtherGrant'],
  ],
  'a binding of somebody who is no node': [bound(switchRole, subject('User', 'jane')), []],
  'a wildcard role for nodes': [
    {
      rbac: seen({
        ...role('*', '*', 'wild'),
        bindings: [
          ...rbac.bindings,
          { name: 'w', role: 'wild', subjects: [subject('Group', 'system:nodes')] },
        ],
      }),
    },
    ['warning OtherGrant'],
  ],
  'another approver': [
    bound('rego-csr-approver', subject('ServiceAccount', 'old-approver')),
    ['warning OtherApprover'],
  ],
  'an approver of every signer of Kubernetes': [
    {
      rbac: seen({
        ...role('signers', 'approve', 'all', ['kubernetes.io/*']),
        bindings: [
          ...rbac.bindings,
          { name: 'c', role: 'all', subjects: [subject('User', 'x')] },
          { name: 'd', role: 'rego-csr-approver', subjects: [subject('User', 'x')] },
        ],
      }),
    },
    ['warning OtherApprover', 'warning OtherApprover'],
  ],
  'an approver who has one half of it by a group': [
    {
      rbac: seen({
        roles: new Map([
          ...role('signers', 'approve', 'half', [serving]).roles,
          ...role('certificatesigningrequests/approval', 'update', 'other half').roles,
        ]),
        bindings: [
          ...rbac.bindings,
          { name: 'c', role: 'half', subjects: [subject('ServiceAccount', 'x')] },
          { name: 'd', role: 'other half', subjects: [subject('Group', 'system:serviceaccounts:other')] },
        ],
      }),
    },
    ['warning OtherApprover'],
  ],
  'the program, for every signer of Kubernetes': [
    answer(ofProgram(approveFor('kubernetes.io/*')), allowed),
    ['warning PermissionExcess'],
  ],
  'anybody approves for every signer of Kubernetes': [
    {
      reviews: new Map([
        ...healthy.reviews,
        ...[updateApproval, approveFor('kubernetes.io/*')].map(
          (attributes) => [keyOf({ ...anybody, attributes }), seen(allowed)] as const,
        ),
      ]),
    },
    ['error AnybodyApproves'],
  ],
  'an approver of another signer': [
    {
      rbac: seen({
        ...role('signers', 'approve', 'client', ['kubernetes.io/kube-apiserver-client-kubelet']),
        bindings: [...rbac.bindings, { name: 'c', role: 'client', subjects: [subject('User', 'x')] }],
      }),
    },
    [],
  ],
  'anybody approves': [
    {
      reviews: new Map([
        ...healthy.reviews,
        ...[updateApproval, approveFor(serving)].map(
          (attributes) => [keyOf({ ...anybody, attributes }), seen(allowed)] as const,
        ),
      ]),
    },
    ['error AnybodyApproves'],
  ],
  'anybody updates approvals, of no signer': [
    answer({ ...anybody, attributes: updateApproval }, allowed),
    [],
  ],
  'an approval of somebody else': [
    requests({ approvedBecause: 'AutoApproved', decidedBy: 'other' }),
    ['warning ForeignApproval'],
  ],
  'an approval in our words by somebody else': [
    requests({ decidedBy: 'other' }),
    ['warning ForeignApproval'],
  ],
  'an approval in our words, by nobody knows whom': [requests({ decidedBy: '' }), ['unknown Decisions']],
  'an approval by hand': [
    requests({ approvedBecause: 'KubectlApprove', decidedBy: 'kubectl-certificate' }),
    ['info ApprovedByHand'],
  ],
  'an approval for another signer': [
    requests({ approvedBecause: 'AutoApproved', decidedBy: 'x', signerName: 'example.com/x' }, {}),
    [],
  ],
};
