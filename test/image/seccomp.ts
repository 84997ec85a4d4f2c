/** The runtime's default seccomp profile, for a container without capabilities, in the form that runc takes. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** What CRI-O and podman take for RuntimeDefault; buildah depends on the Debian package that has it. */
const profileFile = '/usr/share/containers/seccomp.json';

const conditions = z.object({
  caps: z.array(z.string()).default([]),
  arches: z.array(z.string()).default([]),
});
const profile = z.object({
  defaultAction: z.string(),
  defaultErrnoRet: z.int(),
  archMap: z.array(z.object({ architecture: z.string(), subArchitectures: z.array(z.string()) })),
  syscalls: z.array(
    z.object({
      names: z.array(z.string()),
      action: z.string(),
      args: z.array(z.record(z.string(), z.unknown())).nullable(),
      includes: conditions,
      excludes: conditions,
      errnoRet: z.int().optional(),
    }),
  ),
});

export function runtimeDefaultSeccomp(): object {
  const { defaultAction, defaultErrnoRet, archMap, syscalls } = profile.parse(
    JSON.parse(readFileSync(profileFile, 'utf8')),
  );
  const machine = archMap.filter(({ architecture }) => architecture === 'SCMP_ARCH_X86_64');
  return {
    defaultAction,
    defaultErrnoRet,
    architectures: machine.flatMap(({ architecture, subArchitectures }) => [
      architecture,
      ...subArchitectures,
    ]),
    syscalls: syscalls
      // A rule that a capability brings in does not hold here; one that a capability takes away does.
      .filter(({ includes }) => includes.caps.length === 0)
      .filter(({ includes: { arches } }) => arches.length === 0 || arches.includes('amd64'))
      .filter(({ excludes: { arches } }) => !arches.includes('amd64'))
      .map(({ names, action, args, errnoRet }) => ({
        names,
        action,
        ...(args === null || args.length === 0 ? {} : { args }),
        ...(errnoRet === undefined ? {} : { errnoRet }),
      })),
  };
}
