import { escapeText } from '../../text/escape.ts';
import {
  anybody,
  approveFor,
  type Attributes,
  keyOf,
  everySigner,
  serving,
  updateApproval,
} from '../access.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { grantsOf, groupsOf, names, userOf, type Binding, type Rbac } from '../rbac.ts';
import { command } from '../shell.ts';
import type { Request } from '../snapshot.ts';
import { removal } from '../unbind.ts';
import { count, listed } from '../words.ts';

export const approvers: Check = {
  name: 'Approvers',
  group: 'Permissions',
  asks: 'Who else may approve serving certificates?',
  faults: {
    OtherApprover: {
      severity: 'warning',
      why: 'Whoever may approve for the signer is an approver beside this program: the more generous of the two decides.',
      mend: 'Remove the other approver and its binding, if it is not wanted.',
    },
    AnybodyApproves: {
      severity: 'error',
      why: 'Every user and every pod with a token may approve any serving certificate.',
      mend: 'Find the grant that the reason names, and take it away. With --authorization-mode=AlwaysAllow the API server asks nobody.',
    },
  },
  run: ({ rbac, reviews, target }) => {
    const results: Result[] = [];
    const mayAnybody = (attributes: Attributes): boolean => {
      const review = reviews.get(keyOf({ ...anybody, attributes }));
      return review !== undefined && 'value' in review && review.value.allowed;
    };
    if (mayAnybody(updateApproval) && [serving, everySigner].map(approveFor).some(mayAnybody)) {
      results.push(fault('AnybodyApproves', 'the access review of a user that nobody knows allows it'));
    }
    if ('unseen' in rbac) return [...results, unknown(rbac.unseen)];
    const own = `system:serviceaccount:${target.namespace}:${target.serviceAccount}`;
    const { others, administrators } = approversOf(rbac.value);
    for (const binding of others) {
      const isOther = (subject: Binding['subjects'][number]): boolean => userOf(subject) !== own;
      const whom = binding.subjects.filter(isOther).map(userOf);
      if (whom.length === 0) continue;
      results.push(
        fault(
          'OtherApprover',
          `ClusterRoleBinding ${escapeText(binding.name)} lets ${listed(whom)} approve`,
          [removal(binding, isOther)],
        ),
      );
    }
    if (results.length > 0) return results;
    return [ok(`nobody but the program, and administrators: ${listed(administrators) || 'none'}`)];
  },
};

/** Both permissions are needed; they may come by two bindings, and one of them by a group. */
function approversOf(rbac: Rbac) {
  const approval = { ...updateApproval, name: '' };
  const mayUpdate = new Set(grantsOf(rbac, approval).flatMap(({ subjects }) => subjects.map(userOf)));
  const mayApprove = (by?: typeof names): readonly Binding[] => [
    ...new Set([serving, everySigner].flatMap((name) => grantsOf(rbac, { ...approveFor(name), name }, by))),
  ];
  const granting = mayApprove().filter(({ subjects }) =>
    subjects.some((subject) =>
      [subject, ...groupsOf(subject)].some((whoever) => mayUpdate.has(userOf(whoever))),
    ),
  );
  const byName = new Set(mayApprove(names));
  return {
    others: granting.filter((binding) => byName.has(binding)),
    administrators: [
      ...new Set(granting.filter((one) => !byName.has(one)).flatMap(({ subjects }) => subjects.map(userOf))),
    ],
  };
}

/** Field manager of this program, of any version: what its user agent begins with. */
const ourManager = 'rego-csr-approver';

const isByHand = ({ approvedBecause }: Request): boolean => approvedBecause === 'KubectlApprove';

export const decisions: Check = {
  name: 'Decisions',
  group: 'Permissions',
  asks: 'Who approved what there is?',
  faults: {
    ForeignApproval: {
      severity: 'warning',
      why: 'A certificate was issued that no policy of this program has allowed.',
      mend: 'Find whose client that is, and take its permission: Approvers names the bindings. The certificate stays valid until it expires.',
    },
    ApprovedByHand: {
      severity: 'info',
      why: 'A person approved it with kubectl, past the policy.',
      mend: '',
    },
  },
  run: ({ requests, config }) => {
    if ('unseen' in requests) return [unknown(requests.unseen)];
    const signers = 'value' in config ? config.value.config.signers : [serving];
    const approved = requests.value.filter(
      ({ approvedBecause, signerName }) => approvedBecause !== '' && signers.includes(signerName),
    );
    const foreign = approved.filter(
      (request) => !isWorded(request) || ![ourManager, ''].includes(request.decidedBy),
    );
    const byHand = foreign.filter(isByHand);
    const byOthers = foreign.filter((request) => !isByHand(request));
    const results = [...told('ForeignApproval', byOthers), ...told('ApprovedByHand', byHand)];
    // Whoever may approve may use our words. Whoever may update requests may take the record of writers away, and the API
    // server keeps none of a request that was made with a name and no labels.
    const unclear = approved.filter((request) => isWorded(request) && request.decidedBy === '');
    if (unclear.length > 0) {
      const which = listed(unclear.map(({ name }) => name));
      const why = `${count(unclear.length, 'approval')} in the words of this program, of which the object does not say who wrote them: ${which}. The audit log of the API server does`;
      results.push(unknown({ why, permission: '' }));
    }
    return results.length > 0
      ? results
      : [ok(`${count(approved.length, 'approval')} of late, all of this program`)];
  },
};

/** In the words of this program, which anybody may use. */
function isWorded({ approvedBecause }: Request): boolean {
  return approvedBecause === 'PolicyAllowed';
}

function told(code: string, requests: readonly Request[]): Result[] {
  if (requests.length === 0) return [];
  const managers = [
    ...new Set(requests.map(({ decidedBy }) => decidedBy || 'a client that is not recorded')),
  ];
  const shown = requests.slice(0, 3).map(({ name }) => command('kubectl', 'describe', 'csr', '--', name));
  const text = `${count(requests.length, 'request')} approved by ${listed(managers)}: ${listed(requests.map(({ name }) => name))}`;
  return [fault(code, text, shown)];
}
