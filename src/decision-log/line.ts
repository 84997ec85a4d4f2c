import { z } from 'zod';

/**
 * One line of the decision log: an event of OPA's (EventV1 of plugins/logs, OPA 1.22), and under `custom`, which is there
 * for that, what only this program has to say. The type, and the check of lines that come from files, are made from this.
 *
 * A mask may have replaced any value that it can address, so that these are of any kind here: whoever decides a line again
 * checks `input` against the schema of the input document. Fields that it does not know are somebody else's.
 */

/** Of `custom`. Raised when a line can no longer be read as before; a reader refuses what is newer. */
export const currentFormat = 1;

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${String(digits)}}$`));

const verdictKinds = ['approve', 'deny', 'wait', 'error', 'abstain'] as const;

const reason = z.looseObject({
  code: z.string().describe('Stable, and listed in policies/README.md.'),
  msg: z.unknown().optional().describe('A sentence for people; absent where a mask has taken it.'),
  source: z.enum(['decoder', 'floor', 'policy', 'facts', 'host']),
  rule: z
    .string()
    .optional()
    .describe('Package, file and line of the rule that gave it, where its METADATA tells.'),
  details: z.unknown().optional().describe('Whatever else the rule attached.'),
});

const verdict = z.looseObject({
  kind: z.enum(verdictKinds),
  reasons: z.array(reason),
  warnings: z.array(reason),
  retry_after_seconds: z
    .number()
    .optional()
    .describe('When a `wait` or `error` asked to be looked at again.'),
});

const shadow = z.looseObject({
  status: z
    .enum(['compared', 'dropped', 'skipped', 'superseded', 'pending'])
    .describe(
      'compared; dropped: too many waited; skipped: facts were missing; superseded: another decision, or another policy, came before; pending: not known when the line was written.',
    ),
  revision: z.string().optional().describe('Of the candidate policy.'),
  verdict: verdict.extend({ kind: z.enum([...verdictKinds, 'ignore']) }).optional(),
});

const custom = z.looseObject({
  format: z.int().describe('Version of `custom`.'),
  csr: z
    .looseObject({
      name: z.unknown().optional(),
      uid: z.unknown().optional(),
      signer_name: z.unknown().optional(),
      resource_version: z.unknown().optional(),
      created_at: z.unknown().optional(),
    })
    .describe('metadata of the request.'),
  verdict,
  enforcement: z.enum(['enforce', 'dryrun']),
  condition: z
    .enum(['Approved', 'Denied'])
    .optional()
    .describe(
      'What is about to be written to the request; whether it was says the line `wrote` of the log, with the same `decision_id`, and the request itself.',
    ),
  floor: z
    .unknown()
    .optional()
    .describe(
      'What the floor said of the bare request (`form`), and of the request with its facts (`facts`): `pass`, `deny` and `wait`, or `problem`.',
    ),
  shadow: shadow.optional().describe('What the candidate policy says, where there is one.'),
  request: z
    .unknown()
    .optional()
    .describe(
      'Where there is no `input`: what the decoder refused, as in a CertificateSigningRequest, with the base64 of its PEM; without that where it is longer than any configuration lets pass.',
    ),
  texts_erased: z
    .literal(true)
    .optional()
    .describe(
      'Sentences were left out, since they may repeat what a mask has taken from `input` or `result`.',
    ),
  failure: z
    .looseObject({ code: z.enum(['MaskFailed', 'LineTooLarge']), message: z.string() })
    .optional()
    .describe('Why `input` and whatever may repeat it were left out, though no mask asked for it.'),
});

export const decisionLineSchema = z.looseObject({
  labels: z.record(z.string(), z.unknown().optional()),
  decision_id: z.string(),
  trace_id: hex(32).optional(),
  span_id: hex(16).optional(),
  bundles: z.record(z.string(), z.looseObject({ revision: z.string().optional() })),
  path: z.string().describe('Entrypoint of the policy, with slashes.'),
  input: z
    .unknown()
    .optional()
    .describe('The input document as it was evaluated; absent where the request was not decoded.'),
  result: z
    .unknown()
    .optional()
    .describe('Value of the entrypoint; absent where it was not evaluated, or gave none.'),
  erased: z.array(z.string()).optional().describe('Paths that a mask has removed.'),
  masked: z.array(z.string()).optional().describe('Paths that a mask has replaced.'),
  error: z
    .looseObject({ code: z.string(), message: z.unknown().optional() })
    .optional()
    .describe('Where the verdict is `error`.'),
  requested_by: z.unknown().optional().describe('User name of the requestor.'),
  timestamp: z.iso.datetime({ offset: true }).describe("Of the decision, by the API server's clock."),
  metrics: z.record(z.string(), z.number()).describe('Nanoseconds of each stage.'),
  custom,
});

export type DecisionLine = z.infer<typeof decisionLineSchema>;
export type ReasonOfLine = z.infer<typeof reason>;
export type ShadowOfLine = z.infer<typeof shadow>;
