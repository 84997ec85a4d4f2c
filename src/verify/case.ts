import { z } from 'zod';

/** Changes by dotted path; null removes what is there. */
const changes = z.record(z.string(), z.unknown());

const address = z.strictObject({ type: z.string(), address: z.string() });

/** A file, relative to the file of the case, or the thing itself. */
const fileOrObject = z.union([z.string().min(1), z.record(z.string(), z.unknown())]);

const expectation = z.strictObject({
  verdict: z.enum(['approve', 'deny', 'wait', 'abstain', 'error', 'ignore']),
  /** Codes of all reasons that the program gives; none unless stated. */
  codes: z.array(z.string()).default([]),
  /** Codes of all warnings; none unless stated. */
  warn: z.array(z.string()).default([]),
  /** Texts of which each must be in some message. */
  messages: z.array(z.string().min(1)).default([]),
  /** What the floor says by itself. Only for the suite of this repository, which asks it on two engines. */
  floor: z.enum(['pass', 'fail']).optional(),
});
export type Expectation = z.infer<typeof expectation>;

/** What `defaults` of a file may set for all of its cases. */
const settings = {
  /** Name of the node that asks, as user and in the subject. */
  as: z.string().optional(),
  /** Changes to the world's request, applied after `as`, `listed` and `listed_ip`. */
  request: changes.optional(),
  /** Changes to Nodes, by name; a name that is not in the world adds a Node. */
  nodes: z
    .record(
      z.string(),
      z.strictObject({
        addresses: z.array(address).optional(),
        addresses_over_cap: z.boolean().optional(),
        created_at: z.string().optional(),
        deleting: z.boolean().optional(),
        labels: z.record(z.string(), z.string()).optional(),
        annotations: z.record(z.string(), z.string()).optional(),
        provider_id: z.string().optional(),
      }),
    )
    .optional(),
  /** Changes to the facts; null for a whole one: it could not be obtained. */
  facts: changes.optional(),
  /** Changes to `config` of the data of the default policy for the signer. */
  config: changes.optional(),
  /** Changes to the bundle's data, by dotted path. */
  data: changes.optional(),
  /** Evaluated as a document, from the floor's form on: for what no request can say. */
  document: z.boolean().optional(),
} as const;

/** One declarative case: a world, what is different in it, and what must come of it. */
export const caseSchema = z
  .strictObject({
    id: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
        'letters, digits, `.`, `_` and `-`, at most 100, are an id',
      ),
    title: z.string().min(1),
    ...settings,
    /** A DNS name that is requested and that the node's Node lists. */
    listed: z.string().optional(),
    /** An IP address that is requested and that the node's Node lists. */
    listed_ip: z.string().optional(),
    /** A CertificateSigningRequest as `kubectl get csr -o yaml` prints it, instead of a description. */
    csr: fileOrObject.optional(),
    /** Judges `csr` as if nobody had decided it yet. */
    as_new: z.boolean().optional(),
    /** An input document with its facts, instead of a description. */
    capture: fileOrObject.optional(),
    /** Verdict of an outside specification where it is another one. A note; nothing reads it. */
    semantics: z.string().optional(),
    expect: expectation,
  })
  .refine(({ csr, capture }) => csr === undefined || capture === undefined, '`csr` excludes `capture`')
  .refine(
    ({ csr, capture, as, listed, listed_ip }) =>
      (csr ?? capture) === undefined || (as ?? listed ?? listed_ip) === undefined,
    '`as`, `listed` and `listed_ip` belong to a description, not to `csr` or `capture`',
  )
  .refine(({ csr, request }) => csr === undefined || request === undefined, '`csr` excludes `request`')
  .refine(({ capture, nodes }) => capture === undefined || nodes === undefined, '`capture` excludes `nodes`')
  .refine(
    ({ csr, document }) => csr === undefined || document !== true,
    '`csr` excludes `document`: a manifest is decoded',
  )
  .refine(({ csr, as_new: asNew }) => csr !== undefined || asNew === undefined, '`as_new` needs `csr`');

export type CaseDefinition = z.infer<typeof caseSchema>;

export const defaultsSchema = z.strictObject(settings);

/** The world of the cases of a folder: a good request, the cluster, and its Nodes. */
export const worldSchema = z.strictObject({
  /** The request document of the input schema. */
  request: z.record(z.string(), z.unknown()),
  /** Access reviews by name. */
  sar: z.record(z.string(), z.unknown()).default({}),
  cluster: z.record(z.string(), z.unknown()).optional(),
  /** Addresses of each Node. */
  nodes: z.record(z.string(), z.array(address)).default({}),
  /** Labels of Nodes that have some. */
  labels: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  pending: z.record(z.string(), z.unknown()).optional(),
  /** What each lookup finds, by its name. */
  lookups: z.record(z.string(), z.unknown()).default({}),
  /** Addresses by DNS name. */
  dns: z.record(z.string(), z.array(z.string())).optional(),
});
export type World = z.infer<typeof worldSchema>;
