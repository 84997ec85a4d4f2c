import { z } from 'zod';
import { policyData } from './policy-data.ts';
import { cacheDirectory, sourceFields } from './policy-source.ts';
import { type Algorithm, keyKinds } from '../bundle/algorithms.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table are what Algorithm is
const algorithms = Object.keys(keyKinds) as Algorithm[];

const key = z.strictObject({
  algorithm: z.enum(algorithms).describe('The only algorithm for which the key is used.'),
  file: z.string().min(1).describe('File with the public key or certificate in PEM; for HMAC the secret.'),
});

/** What a policy is made of and held to: the same for the one in force and for a candidate. */
const policyFields = {
  ...sourceFields,
  entrypoints: z
    .record(z.string(), z.string())
    .default({})
    .describe('Entrypoint by signer, where a bundle has several for one signer.'),
  keys: z
    .record(z.string().min(1), key)
    .default({})
    .describe(
      `Keys that bundles are signed with, by the id that signatures name: \`{algorithm, file}\`, where the file has a public key or certificate in PEM, or for HMAC the secret. Any key makes a signature mandatory. Algorithms: ${algorithms.join(', ')}.`,
    ),
  scope: z.string().default('').describe('Scope that the signature must have; empty: it must have none.'),
  ...policyData,
};

export const policyConfig = z.strictObject({
  ...policyFields,
  cacheDirectory,
  shadow: z
    .strictObject(policyFields)
    .optional()
    .describe(
      'Candidate policy, which decides nothing: what it would decide otherwise is logged, counted and listed on /v1/status. It has the fields of `policy` but for `cacheDirectory` and `shadow`; without a `bundle` it is the default policy.',
    ),
});

export type PolicyConfig = z.infer<typeof policyConfig>;
