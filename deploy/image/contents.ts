/** What the image holds: every file, and where it comes from. What is not listed here is not in it. */
import { programFiles } from '../program/files.ts';
import type { Platform } from './platforms.ts';

export interface Part {
  /** Path in the image, without the leading slash. */
  readonly path: string;
  /** A Debian package, `node`, `program` (what `make build` wrote), or text of its own. */
  readonly from: string | { readonly text: string };
  /** Path in there, when it is another. Ends in `/` for a directory whose files are joined in order of their names. */
  readonly source?: string;
  readonly executable?: true;
}

/** The user of the Deployment: not root, and nobody's on the node. */
const user = 'rego-csr-approver:x:65532:65532::/nonexistent:/nonexistent\n';
const group = 'rego-csr-approver:x:65532:\n';

const home = 'usr/lib/rego-csr-approver';
const licences = 'usr/share/doc';

export const contents = ({ triplet, loader }: Platform): readonly Part[] => [
  { path: 'etc/group', from: { text: `root:x:0:\n${group}` } },
  { path: 'etc/passwd', from: { text: `root:x:0:0::/nonexistent:/nonexistent\n${user}` } },
  {
    path: 'etc/ssl/certs/ca-certificates.crt',
    from: 'ca-certificates',
    source: 'usr/share/ca-certificates/mozilla/',
  },
  { path: loader, from: 'libc6', source: `lib/${triplet}/${loader.replace(/.*\//, '')}`, executable: true },
  // The last two are empty since glibc 2.34, but node asks for them by name.
  ...['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0'].map((name) => ({
    path: `lib/${triplet}/${name}`,
    from: 'libc6',
  })),
  { path: `lib/${triplet}/libgcc_s.so.1`, from: 'libgcc-s1' },
  {
    path: `lib/${triplet}/libstdc++.so.6`,
    from: 'libstdc++6',
    source: `usr/lib/${triplet}/libstdc++.so.6`,
  },
  { path: 'usr/bin/node', from: 'node', source: 'bin/node', executable: true },
  ...programFiles.map((name) => ({ path: `${home}/${name}`, from: 'program', source: name })),
  { path: `${licences}/ca-certificates/copyright`, from: 'ca-certificates' },
  { path: `${licences}/gcc-12-base/copyright`, from: 'gcc-12-base' },
  { path: `${licences}/libc6/copyright`, from: 'libc6' },
  { path: `${licences}/node/LICENSE`, from: 'node', source: 'LICENSE' },
  { path: `${licences}/rego-csr-approver/LICENSE`, from: 'program', source: '../LICENSE' },
  {
    path: `${licences}/rego-csr-approver/THIRD-PARTY-LICENSES`,
    from: 'program',
    source: 'THIRD-PARTY-LICENSES',
  },
];
