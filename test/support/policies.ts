import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { opaBundle } from './opa-bundle.ts';

const signer = 'kubernetes.io/kubelet-serving';

/** What a policy of a test says; what is left out says nothing. */
export interface PolicySays {
  /** Bodies of rules. */
  readonly allow?: string;
  readonly deny?: string;
  readonly wait?: string;
  readonly configErrors?: string;
  /** The whole value of the entrypoint, instead of the five members. */
  readonly decision?: string;
  readonly signerName?: string;
}

const rego = ({ allow, deny, wait, configErrors, decision, signerName = signer }: PolicySays): string => `
package csr.mine

# METADATA
# entrypoint: true
# custom:
#   signer_name: ${signerName}
#   facts:
#     node: true
#     sar: {own: {group: certificates.k8s.io, resource: certificatesigningrequests, subresource: selfnodeserver, verb: create}}
decision := ${decision ?? '{"allow": allow, "deny": deny, "wait": wait, "warn": set(), "config_errors": config_errors}'}

default allow := false

${allow === undefined ? '' : `allow if ${allow}`}

# METADATA
# custom: {code: Strict}
deny contains {"code": "Strict", "msg": "nobody gets anything"} if ${deny ?? 'false'}

wait contains {"code": "NotYet", "msg": "in an hour", "retry_after_seconds": 3600} if ${wait ?? 'false'}

config_errors contains {"msg": "knob.x is wrong"} if ${configErrors ?? 'false'}
`;

/** Has the real opa build a policy with that revision, with more flags; gives the archive. */
export function policyBundle(
  folder: string,
  revision: string,
  says: PolicySays,
  flags: readonly string[] = [],
): Promise<string> {
  const files = {
    '.manifest': JSON.stringify({ revision, roots: ['csr/mine'] }),
    'csr/mine/policy.rego': rego(says),
  };
  return opaBundle(join(folder, revision), files, flags);
}

/** JavaScript's regular expressions, which the SDK splits by, try every way to cut the text. */
export const neverEnds =
  'count(regex.split("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")) == 0';

/** Puts a file in the place of another in one step, as whoever deploys does. */
export function replaceFile(path: string, content: Uint8Array | string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

/** The same with the content of another file. */
export function replaceBy(path: string, other: string): void {
  replaceFile(path, readFileSync(other));
}

/** Bundles of a test, by name. */
export class PolicyBundles {
  readonly #paths = new Map<string, string>();

  /** Builds one bundle of each, in that folder. */
  async build(folder: string, says: Readonly<Record<string, PolicySays>>): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- two cores
    for (const [name, one] of Object.entries(says)) this.add(name, await policyBundle(folder, name, one));
  }

  add(name: string, path: string): void {
    this.#paths.set(name, path);
  }

  path(name: string): string {
    const path = this.#paths.get(name);
    if (path === undefined) throw new Error(`there is no bundle ${name}`);
    return path;
  }
}
