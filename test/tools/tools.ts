/**
 * The table of the real programs that the tests run: everything there is to know about one of them.
 *
 * Versions are stated once, in each module's go.mod. A second Kubernetes minor is one more module directory
 * and one more `...kubernetes('<directory>', '@<minor>')` below.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from './error.ts';

export type Tool = {
  /** What callers ask for: `kube-apiserver`, or `kube-apiserver@1.33`. */
  readonly name: string;
  /** File name of the executable. */
  readonly program: string;
  /** Exact version from go.mod, with its `v`. */
  readonly version: string;
  /** Directory of the Go module that pins it and all its dependencies. */
  readonly moduleDirectory: string;
  readonly importPath: string;
  readonly ldflags: string;
  /** A cold build on two cores, to tell people how long they will wait. */
  readonly coldMinutes: number;
  /** Arguments that make it report its version, and where in the output that is. */
  readonly versionArguments: readonly string[];
  readonly versionPattern: RegExp;
};

type Row = Omit<Tool, 'version' | 'moduleDirectory' | 'ldflags'> & {
  readonly directory: string;
  /** Go module whose version is the tool's. */
  readonly versionedBy: string;
  /** Variables that the linker sets: builds without them report no version, and then nothing can check it. */
  readonly variables?: (version: string) => Readonly<Record<string, string>>;
};

function kubernetes(directory: string, suffix: string): readonly Row[] {
  const command = (program: string, coldMinutes: number, versionArguments: readonly string[]): Row => ({
    name: program + suffix,
    program,
    directory,
    versionedBy: 'k8s.io/kubernetes',
    importPath: `k8s.io/kubernetes/cmd/${program}`,
    coldMinutes,
    versionArguments,
    versionPattern: /^(?:(?:Kubernetes|Client Version:) )?(v\S+)$/m,
    variables: (version) => {
      const [major = '', minor = ''] = version.slice(1).split('.');
      return {
        'k8s.io/component-base/version.gitVersion': version,
        'k8s.io/component-base/version.gitMajor': major,
        'k8s.io/component-base/version.gitMinor': minor,
      };
    },
  });
  return [
    command('kube-apiserver', 5, ['--version']),
    command('kube-controller-manager', 1, ['--version']),
    command('kubectl', 0.6, ['version', '--client']),
    command('kubelet', 0.4, ['--version']),
    command('kubeadm', 0.5, ['version', '--output=short']),
  ];
}

function opa(directory: string, suffix: string): Row {
  return {
    name: `opa${suffix}`,
    program: 'opa',
    directory,
    versionedBy: 'github.com/open-policy-agent/opa',
    importPath: 'github.com/open-policy-agent/opa',
    coldMinutes: 1.5,
    versionArguments: ['version'],
    versionPattern: /^Version: (\S+)$/m,
  };
}

const rows: readonly Row[] = [
  opa('opa', ''),
  // Of the last two years, the oldest and one in the middle: their bundles must work, too.
  opa('opa-1.0', '@1.0'),
  opa('opa-1.13', '@1.13'),
  {
    name: 'conftest',
    program: 'conftest',
    directory: 'conftest',
    versionedBy: 'github.com/open-policy-agent/conftest',
    importPath: 'github.com/open-policy-agent/conftest',
    coldMinutes: 3,
    versionArguments: ['--version'],
    versionPattern: /^Conftest: (\S+)$/m,
    variables: (version) => ({
      'github.com/open-policy-agent/conftest/internal/version.Version': version.slice(1),
    }),
  },
  {
    name: 'regal',
    program: 'regal',
    directory: 'regal',
    versionedBy: 'github.com/open-policy-agent/regal',
    importPath: 'github.com/open-policy-agent/regal',
    coldMinutes: 1.5,
    versionArguments: ['version'],
    versionPattern: /^Version: +(\S+)$/m,
    variables: (version) => ({ 'github.com/open-policy-agent/regal/pkg/version.Version': version.slice(1) }),
  },
  {
    name: 'actionlint',
    program: 'actionlint',
    directory: 'actionlint',
    versionedBy: 'github.com/rhysd/actionlint',
    importPath: 'github.com/rhysd/actionlint/cmd/actionlint',
    coldMinutes: 0.3,
    versionArguments: ['-version'],
    versionPattern: /^(\S+)$/m,
    variables: (version) => ({ 'github.com/rhysd/actionlint.version': version.slice(1) }),
  },
  {
    name: 'oras',
    program: 'oras',
    directory: 'oras',
    versionedBy: 'oras.land/oras',
    importPath: 'oras.land/oras/cmd/oras',
    coldMinutes: 0.5,
    versionArguments: ['version'],
    versionPattern: /^Version: +(\S+)$/m,
  },
  {
    name: 'helm',
    program: 'helm',
    directory: 'helm',
    versionedBy: 'helm.sh/helm/v4',
    importPath: 'helm.sh/helm/v4/cmd/helm',
    coldMinutes: 1.5,
    versionArguments: ['version', '--template={{.Version}}'],
    versionPattern: /^(v\S+)$/m,
    variables: (version) => ({ 'helm.sh/helm/v4/internal/version.version': version }),
  },
  {
    name: 'etcd',
    program: 'etcd',
    directory: 'etcd',
    versionedBy: 'go.etcd.io/etcd/server/v3',
    importPath: 'go.etcd.io/etcd/server/v3',
    coldMinutes: 1,
    versionArguments: ['--version'],
    versionPattern: /^etcd Version: (\S+)$/m,
  },
  ...kubernetes('kubernetes', ''),
  ...kubernetes('kubernetes-1.33', '@1.33'),
];

export const toolNames: readonly string[] = rows.map((row) => row.name);

/** The tool of that name, with the version its go.mod pins. */
export function findTool(name: string, modules: string = import.meta.dirname): Tool {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined)
    throw new ToolError(`no tool is called ${JSON.stringify(name)}: known are ${toolNames.join(', ')}`);
  const moduleDirectory = join(modules, row.directory);
  const version = requiredVersion(readFileSync(join(moduleDirectory, 'go.mod'), 'utf8'), row.versionedBy);
  if (version === undefined)
    throw new ToolError(`${join(moduleDirectory, 'go.mod')} does not require ${row.versionedBy}`);
  const variables = Object.entries(row.variables?.(version) ?? {});
  return {
    name: row.name,
    program: row.program,
    version,
    moduleDirectory,
    importPath: row.importPath,
    ldflags: ['-s', '-w', ...variables.map(([key, value]) => `-X ${key}=${value}`)].join(' '),
    coldMinutes: row.coldMinutes,
    versionArguments: row.versionArguments,
    versionPattern: row.versionPattern,
  };
}

/** The version that a go.mod requires of a module, in a block or on a line of its own. */
function requiredVersion(goMod: string, module: string): string | undefined {
  for (const line of goMod.split('\n')) {
    const [path, version] = line
      .trim()
      .replace(/^require\s+/, '')
      .split(/\s+/);
    if (path === module && version !== undefined && /^v\d/.test(version)) return version;
  }
  return undefined;
}
