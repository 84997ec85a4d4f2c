import type { Config } from '../config/schema.ts';
import type { ClusterFact } from '../decide/input.ts';
import type { LookupQuery } from '../policy/lookup-query.ts';
import type { CertificateNames } from '../kube/peer.ts';
import type { Rbac } from './rbac.ts';
import type { Seen } from './seen.ts';

/** A cluster at one moment, as data. Texts are the cluster's own, unescaped; times are milliseconds since 1970. */
export interface Snapshot {
  /** What was asked for, and what the Deployment says where nothing was. */
  readonly target: Target;
  /** By the API server's clock. */
  readonly now: number;
  /** By the clock of the machine that this runs on, at the same moment. */
  readonly ourNow: number;
  /** gitVersion, such as v1.36.3 */
  readonly version: string;
  readonly apiServers: Seen<readonly Flags[]>;
  /** Of the API server that answered. */
  readonly admission: Seen<Admission>;
  readonly controllerManagers: Seen<readonly Flags[]>;
  /** ConfigMap kubeadm-config; undefined where there is none. */
  readonly kubeadm: Seen<Kubeadm | undefined>;
  /** `serverTLSBootstrap` of ConfigMap kubelet-config; undefined where there is none. */
  readonly kubeletConfig: Seen<boolean | undefined>;
  /** Of kube-controller-manager; undefined where there is none. */
  readonly controllerManagerLease: Seen<Lease | undefined>;
  readonly requests: Seen<readonly Request[]>;
  readonly nodes: Seen<readonly NodeState[]>;
  /** When each node last said that it lives, by its own clock. */
  readonly heartbeats: Seen<ReadonlyMap<string, number>>;
  readonly kubelets: Seen<readonly Kubelet[]>;
  readonly rbac: Seen<Rbac>;
  /** By `keyOf` of access.ts. */
  readonly reviews: ReadonlyMap<string, Seen<Review>>;
  readonly config: Seen<Configured>;
  /** Why the program refuses its configuration; empty where it does not. */
  readonly configProblem: string;
  readonly lookups: Seen<Readonly<Record<string, LookupQuery>>>;
  /** What is reserved, by discovery and configuration. */
  readonly cluster: Seen<ClusterFact>;
  /** false: the API server has no ServiceCIDR API. */
  readonly hasServiceCIDRs: Seen<boolean>;
  /** What the API server's certificate is for, at the address that was asked. */
  readonly serving: Seen<CertificateNames>;
  /** The one that is looked at; undefined where there is none in its namespace. */
  readonly own: Seen<Installation | undefined>;
  /** Those of the whole cluster. */
  readonly installations: Seen<readonly Installation[]>;
  readonly pods: Seen<readonly PodState[]>;
  /** Undefined where there is none, or no election. */
  readonly leader: Seen<Lease | undefined>;
  /** Labels of the namespace; undefined where there is none. */
  readonly namespaceLabels: Seen<Readonly<Record<string, string>> | undefined>;
  /** Events on the pods and on requests, of the program's. */
  readonly events: Seen<readonly EventSeen[]>;
}

export interface Target {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** The command line of a component that runs as a pod. */
export interface Flags {
  readonly where: string;
  readonly flags: ReadonlyMap<string, string>;
}

export interface Admission {
  /** How often each plugin was asked about a write, by name. */
  readonly plugins: ReadonlyMap<string, number>;
}

export interface Kubeadm {
  readonly controlPlaneEndpoint: string;
  readonly certSANs: readonly string[];
  readonly podSubnet: string;
  readonly serviceSubnet: string;
}

export interface Lease {
  readonly holder: string;
  readonly renewedAt: number;
  readonly seconds: number;
}

export type RequestState = 'pending' | 'approved' | 'issued' | 'denied' | 'failed';

/** A request of a signer that the program decides for. */
export interface Request {
  readonly name: string;
  readonly signerName: string;
  readonly username: string;
  readonly createdAt: number;
  readonly state: RequestState;
  /** When it was approved or denied; 0 where that does not say. */
  readonly decidedAt: number;
  /** Reason of its condition Approved; empty without one. */
  readonly approvedBecause: string;
  /** Field manager that wrote `approval` last; empty where nobody is named. */
  readonly decidedBy: string;
  /** Of its certificate; 0 without one, or with one that cannot be read. */
  readonly notAfter: number;
  /** Of its condition Failed. */
  readonly failure: string;
}

export interface NodeState {
  readonly name: string;
  readonly createdAt: number;
  readonly ready: boolean;
  readonly controlPlane: boolean;
  /** Names and addresses that it lists. */
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
}

/** The configuration that a kubelet runs with, which it said itself. */
export interface Kubelet {
  readonly node: string;
  readonly serverTLSBootstrap: Seen<boolean>;
}

export interface Review {
  readonly allowed: boolean;
  /** Of the authorizer; RBAC names the binding. */
  readonly reason: string;
}

export interface Configured {
  readonly config: Config;
  /** Where it was read, for messages. */
  readonly where: string;
  /** The ConfigMap that the Deployment mounts; undefined for a file, and for the defaults. */
  readonly configMap: { readonly name: string; readonly key: string; readonly text: string } | undefined;
}

export interface Installation {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  readonly container: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly replicas: number;
  /** Of its `--config`: the ConfigMap that is mounted there, and the file's name in it. */
  readonly config: { readonly configMap: string; readonly key: string } | undefined;
}

export interface PodState {
  readonly name: string;
  readonly ready: boolean;
  /** Why it is not ready, in Kubernetes' words. */
  readonly problem: string;
  /** The image that runs, with its digest. */
  readonly imageID: string;
}

export interface EventSeen {
  readonly reason: string;
  /** Name of the pod or the request. */
  readonly about: string;
  readonly note: string;
  readonly at: number;
}
