import { z } from 'zod';

/** Changes by dotted path; null removes what is there. */
const changes = z.record(z.string(), z.unknown());

const address = z.strictObject({ type: z.string(), address: z.string() });

/** One declarative case of policies/cases: the world, and what is different in it. */
export const caseSchema = z.strictObject({
  id: z.string().regex(/^[A-Z]+(-[A-Z])?-\d+$/),
  title: z.string(),
  /** Name of the node that asks, as user and in the subject; n1 unless stated. */
  as: z.string().optional(),
  /** A DNS name that is requested and that Node n1 lists. */
  listed: z.string().optional(),
  /** An IP address that is requested and that Node n1 lists. */
  listed_ip: z.string().optional(),
  /** Changes to the request, applied after the above. */
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
      }),
    )
    .optional(),
  /** Changes to the facts that follow from the request and the Nodes. */
  facts: changes.optional(),
  /** Knobs of data.yaml to set. */
  config: z.record(z.string(), z.unknown()).optional(),
  /** Verdict of SEMANTICS, where another one was chosen or where the request never gets to the rules. */
  semantics: z.enum(['deny', 'ignore', 'never']).optional(),
  expect: z.strictObject({
    verdict: z.enum(['approve', 'deny', 'wait', 'abstain', 'error']),
    /** Codes of all reasons that the program gives, sorted. */
    codes: z.array(z.string()).default([]),
    warn: z.array(z.string()).default([]),
    /** What the floor must say; unless stated, `fail` exactly where it gives a reason. */
    floor: z.enum(['pass', 'fail']).optional(),
  }),
});

export const worldSchema = z.strictObject({
  request: z.record(z.string(), z.unknown()),
  sar: z.record(z.string(), z.unknown()),
  cluster: z.record(z.string(), z.unknown()),
  pending: z.record(z.string(), z.unknown()),
  lookups: z.record(z.string(), z.unknown()),
  /** Addresses of each Node. */
  nodes: z.record(z.string(), z.array(address)),
  /** Labels of Nodes that have some. */
  labels: z.record(z.string(), z.record(z.string(), z.string())),
});

export type CaseFile = z.infer<typeof caseSchema>;
export type World = z.infer<typeof worldSchema>;
