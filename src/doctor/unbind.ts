import type { Binding, Subject } from './rbac.ts';
import { command } from './shell.ts';

/**
 * The command that takes a ClusterRoleBinding from some of its subjects, and from nobody else: from all of them it is
 * deleted. Where somebody has changed the list meanwhile, the patch is refused.
 */
export function removal({ name, subjects }: Binding, isMeant: (subject: Subject) => boolean): string {
  if (subjects.every(isMeant)) return command('kubectl', 'delete', 'clusterrolebinding', '--', name);
  // From behind, so that those before keep their places.
  const patch = [...subjects.entries()]
    .filter(([, subject]) => isMeant(subject))
    .toReversed()
    .flatMap(([at, subject]) => [
      { op: 'test', path: `/subjects/${String(at)}/name`, value: subject.name },
      { op: 'remove', path: `/subjects/${String(at)}` },
    ]);
  return command(
    'kubectl',
    'patch',
    'clusterrolebinding',
    '--type=json',
    '-p',
    JSON.stringify(patch),
    '--',
    name,
  );
}
