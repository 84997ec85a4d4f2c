/** What a test and its supervisor say to each other over the IPC channel. */

/**
 * The order to stop in: the API server hangs once etcd is gone, so it goes first and is waited for.
 */
export const stopOrder = ['kube-apiserver', 'kube-controller-manager', 'etcd'] as const;

export type ComponentName = (typeof stopOrder)[number];

export type Request = { readonly id: number } & (
  | {
      readonly op: 'start';
      readonly name: ComponentName;
      readonly file: string;
      readonly args: readonly string[];
    }
  | { readonly op: 'signal'; readonly name: ComponentName; readonly signal: NodeJS.Signals }
  | { readonly op: 'stop' }
);

export type Report =
  | { readonly kind: 'hello'; readonly dir: string }
  | { readonly kind: 'reply'; readonly id: number; readonly pid?: number; readonly error?: string }
  | { readonly kind: 'exit'; readonly name: ComponentName; readonly pid: number; readonly how: string };

export function logFileName(name: ComponentName): string {
  return `${name}.log`;
}
