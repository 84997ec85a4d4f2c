/** One folder of src: what is in it, and everything that it may import. */
export interface Module {
  /** Below src; files in a folder of it that has no row here are its own. */
  readonly folder: string;
  readonly holds: string;
  /** Modules, all further down in the table; or single files of one, where the rest of it is none of its business. */
  readonly imports: readonly string[];
  /** Kinds of input and output, and packages. Built-in modules of no kind are free. */
  readonly uses: readonly string[];
  /** The same arguments give the same result: nothing that it pulls in may be of a kind, at any distance. */
  readonly pure?: true;
}

/** What a module needs leave for, of the modules that are built into Node.js. */
export const kinds: Readonly<Record<string, readonly string[]>> = {
  files: ['node:fs', 'node:fs/promises'],
  network: ['undici', 'node:http', 'node:https', 'node:http2', 'node:net', 'node:tls', 'node:dgram'],
  DNS: ['node:dns', 'node:dns/promises'],
  threads: ['node:worker_threads', 'node:wasi'],
  timers: ['node:timers', 'node:timers/promises'],
  machine: ['node:os', 'node:process'],
  context: ['node:async_hooks'],
  processes: ['node:child_process', 'node:cluster'],
};

/** Built-in modules that only compute. One that is neither here nor of a kind is refused. */
export const free: ReadonlySet<string> = new Set([
  'node:crypto',
  'node:path',
  'node:path/posix',
  'node:stream',
  'node:stream/consumers',
  'node:url',
  'node:util',
  'node:zlib',
]);

/** Names of modules of a kind that only compute, too: they open no socket. */
export const freeNames: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['BlockList', 'isIP', 'isIPv4', 'isIPv6'],
};

const everythingBelow = [
  'status',
  'doctor',
  'election',
  'audit',
  'controller',
  'activation',
  'replay',
  'decision-log',
  'verify',
  'facts',
  'tracing',
  'observe',
  'decide',
  'config',
  'policy',
  'bundle/sources',
  'bundle',
  'compiler',
  'csr',
  'kube',
  'text',
];

/** From top to bottom: each row imports rows below it only, so that there are no circles. */
export const modules: readonly Module[] = [
  {
    folder: 'main.ts',
    holds: 'the process: its arguments, output and signals',
    imports: ['cli'],
    uses: ['machine'],
  },
  {
    folder: 'cli',
    holds: 'one file per command',
    imports: everythingBelow,
    uses: ['files', 'timers', 'machine', 'commander', 'yaml', 'zod'],
  },
  {
    folder: 'status',
    holds: 'what /v1/status says, and its page for people',
    imports: ['controller', 'activation', 'observe', 'decide', 'text'],
    uses: [],
  },
  {
    folder: 'doctor',
    holds:
      'what a cluster lacks for serving certificates to come about: reading it, and checks of what was read',
    imports: [
      'facts/cluster.ts',
      'decide/input.ts',
      'config',
      'policy/lookup-query.ts',
      'csr/ip.ts',
      'kube',
      'text',
    ],
    uses: ['yaml'],
  },
  {
    folder: 'election',
    holds: 'which of several processes acts: the Lease, and who may when',
    imports: ['controller/clock.ts', 'config/election.ts', 'kube'],
    uses: [],
  },
  {
    folder: 'audit',
    holds:
      'what is there already, by the policy of today: decided requests, issued and served certificates; findings',
    imports: [
      'controller/requestors.ts',
      'facts',
      'decide',
      'csr',
      'kube/json.ts',
      'kube/objects.ts',
      'text',
    ],
    uses: ['network', 'junit-report-builder'],
  },
  {
    folder: 'controller',
    holds: 'reflector, work queue, reconcile loop',
    imports: ['observe', 'decide', 'csr/limits.ts', 'kube', 'text'],
    uses: [],
  },
  {
    folder: 'activation',
    holds:
      'the policies in force: proving and replacing them, what brings new ones, their status; a candidate that is compared with them',
    imports: ['decide', 'config', 'policy', 'bundle/sources', 'bundle', 'text'],
    uses: ['files', 'timers'],
  },
  {
    folder: 'replay',
    holds: 'a decision log decided again: reading, deciding, counting what changed, output formats',
    imports: [
      'decision-log/line.ts',
      'decision-log/read-request.ts',
      'verify/output/junit-builder.ts',
      'verify/output/sarif-log.ts',
      'decide',
      'csr/decoded.ts',
      'text',
    ],
    uses: ['files'],
  },
  {
    folder: 'decision-log',
    holds: "what was decided, a line each in OPA's format: making, masking, and where the lines go",
    imports: [
      'observe',
      'decide',
      'policy/log-rules.ts',
      'policy/mask-rules.ts',
      'bundle/error.ts',
      'bundle/sources/connections.ts',
      'bundle/sources/error.ts',
      'bundle/sources/make-folder.ts',
      'bundle/sources/web.ts',
      'csr/limits.ts',
      'text',
    ],
    uses: ['files', 'network', 'zod'],
  },
  {
    folder: 'verify',
    holds: 'declarative cases: reading, making and signing their requests, running, output formats',
    imports: [
      'facts',
      'decide',
      'config/position.ts',
      'policy',
      'bundle',
      'csr',
      'kube/json.ts',
      'kube/objects.ts',
      'text',
    ],
    uses: ['files', 'junit-report-builder', 'yaml', 'zod'],
  },
  {
    folder: 'facts',
    holds: 'what the cluster says about a request: access reviews, Node, claims, cluster, lookups, DNS',
    imports: ['decide', 'csr/ip.ts', 'kube', 'text'],
    uses: ['DNS', 'timers'],
  },
  {
    folder: 'tracing',
    holds: "spans, by OpenTelemetry's SDK; an entry of its own, loaded where tracing is configured",
    imports: ['observe/tracing.ts'],
    uses: [
      'files',
      'context',
      '@opentelemetry/api',
      '@opentelemetry/core',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace',
    ],
  },
  {
    folder: 'observe',
    holds: 'log, metrics, Events, health, and the ports where they are read',
    imports: ['decide', 'text'],
    uses: ['network', '@prometheus-io/client', 'pino'],
  },
  {
    folder: 'decide',
    holds: 'input document, verdict, `decide()`; pure',
    imports: ['policy', 'csr', 'text'],
    uses: ['zod'],
    pure: true,
  },
  {
    folder: 'config',
    holds: 'the configuration file',
    imports: ['bundle/algorithms.ts', 'csr/ip.ts', 'csr/limits.ts', 'text'],
    uses: ['files', 'yaml', 'zod'],
  },
  {
    folder: 'policy',
    holds: 'WebAssembly engine, isolation, floor, what an entrypoint asks for',
    imports: ['bundle', 'text'],
    uses: ['files', 'threads', '@open-policy-agent/opa-wasm', 'yaml', 'zod'],
  },
  {
    folder: 'bundle/sources',
    holds: 'where bundles come from: files, HTTP, OCI, cache',
    imports: ['bundle', 'text'],
    uses: ['files', 'network', 'timers', 'zod'],
  },
  {
    folder: 'bundle',
    holds: 'bytes to a verified bundle: limits, manifest, data, signature, overlays',
    imports: ['text'],
    uses: ['files', 'jose', 'yaml', 'zod'],
  },
  {
    folder: 'compiler',
    holds: "a policy directory to a bundle, by OPA's own compiler in WebAssembly (`opa/`, in Go)",
    imports: ['text'],
    uses: ['files', 'threads', 'timers'],
  },
  {
    folder: 'csr',
    holds: 'bytes to decoded request; pure',
    imports: [],
    uses: ['@peculiar/asn1-schema', '@peculiar/asn1-x509', '@peculiar/x509', 'reflect-metadata'],
    pure: true,
  },
  {
    folder: 'kube',
    holds: 'the API client: connections, deadlines, credentials, the calls we make',
    imports: ['text'],
    uses: ['files', 'network', 'machine', '@kubernetes/client-node', 'yaml'],
  },
  { folder: 'text', holds: 'escaping of untrusted text', imports: [], uses: [], pure: true },
];

/** The table of README.md. */
export function modulesTable(): string {
  const rows = modules.map(({ folder, holds, imports, uses }) => {
    const may = imports === everythingBelow ? 'all below' : imports.join(', ');
    return `| \`src/${folder}\` | ${holds} | ${may || '-'} | ${uses.join(', ') || '-'} |`;
  });
  return ['| folder | holds | may import | may use |', '|---|---|---|---|', ...rows].join('\n');
}
