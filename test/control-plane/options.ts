/** What a test can say about its control plane. */

export type ControlPlaneOptions = {
  /** A minor other than the usual one, such as `1.33`, where the table of tools has it. */
  readonly kubernetes?: string;
  /** false: no kube-controller-manager, so nothing is signed and there are no service accounts. */
  readonly controllerManager?: boolean;
  /** Controllers it runs; only what certificates, namespaces and service accounts need, unless said. */
  readonly controllers?: readonly string[];
  /** Longest life of signed certificates; the signer honours at least 10m. */
  readonly clusterSigningDuration?: string;
  /** Client limits of the controller manager: its own 20/30 bound the whole path from request to certificate. */
  readonly controllerManagerQps?: number;
  readonly controllerManagerBurst?: number;
  readonly bindAddress?: string;
  /** What the `kubernetes` Service's endpoints hold. */
  readonly advertiseAddress?: string;
  /** More names and addresses in the API server's certificate. */
  readonly serverNames?: readonly string[];
  /** More flags; where a flag is given twice, the programs take the last. */
  readonly flags?: {
    readonly etcd?: readonly string[];
    readonly apiserver?: readonly string[];
    readonly controllerManager?: readonly string[];
  };
  /** Longest wait for each component. */
  readonly readyTimeoutMs?: number;
};

export type Settings = Required<Omit<ControlPlaneOptions, 'flags' | 'kubernetes'>> & {
  /** What the names of Kubernetes' tools end with. */
  readonly toolSuffix: string;
  readonly flags: Required<NonNullable<ControlPlaneOptions['flags']>>;
};

export function settingsOf({ kubernetes, ...options }: ControlPlaneOptions): Settings {
  return {
    toolSuffix: kubernetes === undefined ? '' : `@${kubernetes}`,
    controllerManager: true,
    controllers: [
      'certificatesigningrequest-approving-controller',
      'certificatesigningrequest-signing-controller',
      'certificatesigningrequest-cleaner-controller',
      'serviceaccount-controller',
      'serviceaccount-token-controller',
      'root-ca-certificate-publisher-controller',
      'namespace-controller',
      'clusterrole-aggregation-controller',
      'bootstrap-signer-controller',
      'token-cleaner-controller',
    ],
    clusterSigningDuration: '8760h',
    controllerManagerQps: 200,
    controllerManagerBurst: 400,
    bindAddress: '127.0.0.1',
    // With a loopback address the `kubernetes` Service gets no endpoints; this one is for documentation (RFC 5737).
    advertiseAddress: '192.0.2.10',
    serverNames: [],
    readyTimeoutMs: 90_000,
    ...options,
    flags: { etcd: [], apiserver: [], controllerManager: [], ...options.flags },
  };
}
