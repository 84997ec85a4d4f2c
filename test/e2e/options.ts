import { parseArgs } from 'node:util';
import { ToolError } from '../tools/error.ts';

/** Who approves client certificates: Kubernetes' own controller, or our policy in its place. */
type ClientApprover = 'controller-manager' | 'rego';

export interface Options {
  readonly clientApprover: ClientApprover;
  /** Another minor than the one that all tests run on. */
  readonly kubernetes: string | undefined;
  /** What the names of its tools end with. */
  readonly suffix: string;
  readonly flagForm: boolean;
  readonly ifPossible: boolean;
  /** Directory of the containers' cgroups, in each hierarchy. */
  readonly cgroup: string;
}

const usage =
  'usage: main.ts [--client-approver=controller-manager|rego] [--kubernetes=MINOR] [--flag-form] [--if-possible]';

export function parseOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  const clientApprover = values['client-approver'];
  if (clientApprover !== 'controller-manager' && clientApprover !== 'rego') throw new ToolError(usage);
  return {
    clientApprover,
    kubernetes: values.kubernetes,
    suffix: values.kubernetes === undefined ? '' : `@${values.kubernetes}`,
    flagForm: values['flag-form'],
    ifPossible: values['if-possible'],
    cgroup: values.cgroup,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'client-approver': { type: 'string', default: 'controller-manager' },
        kubernetes: { type: 'string' },
        'flag-form': { type: 'boolean', default: false },
        'if-possible': { type: 'boolean', default: false },
        cgroup: { type: 'string', default: '' },
      },
    });
  } catch (error) {
    throw new ToolError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

export const requiredTools = ({ suffix }: Options): string[] => [
  'etcd',
  ...['kube-apiserver', 'kube-controller-manager', 'kubelet', 'kubectl'].map((name) => name + suffix),
];
