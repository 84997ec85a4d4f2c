import { z } from 'zod';

const seconds = (most: number) => z.int().min(1).max(most);

/** Where a policy's bundle comes from: fields of `policy`, and of `policy.shadow`. */
export const sourceFields = {
  bundle: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Bundle that replaces the default policy, as `opa build -t wasm` makes it: a `.tar.gz` or a directory, `https://…`, `oci://HOST/REPOSITORY:TAG` or `…@sha256:…`. `http://` and `oci+http://` only on this machine or with `keys`, `oci+http://` also by digest.',
    ),
  polling: z
    .strictObject({
      minDelaySeconds: seconds(86_400)
        .default(60)
        .describe('Shortest delay between two fetches from a server.'),
      maxDelaySeconds: seconds(86_400)
        .default(120)
        .describe('Longest one, also after failures. Files are looked at every second.'),
      longPollSeconds: z
        .int()
        .min(0)
        .max(3_600)
        .default(0)
        .describe(
          'How long a bundle server is asked to hold a request until there is something new, where it offers that; 0 for polling.',
        ),
    })
    .refine(({ minDelaySeconds: min, maxDelaySeconds: max }) => min <= max, {
      path: ['maxDelaySeconds'],
      message: 'less than minDelaySeconds',
    })
    .prefault({}),
  credentials: z
    .strictObject({
      bearerTokenFile: z
        .string()
        .min(1)
        .optional()
        .describe('Token for `https://`. This file and the next three are read again when they change.'),
      clientCertificateFile: z.string().min(1).optional().describe('Client certificate, in PEM.'),
      clientKeyFile: z.string().min(1).optional().describe('Its key.'),
      dockerConfigFile: z
        .string()
        .min(1)
        .optional()
        .describe(
          '`config.json` of docker, for `oci://`; only its `auths`, since no credential helper is run.',
        ),
    })
    .prefault({}),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('CAs in PEM that the server must be of; in place of those of the system.'),
};

/** Only of the policy in force: a candidate starts anew. */
export const cacheDirectory = z
  .string()
  .min(1)
  .optional()
  .describe(
    'Where the last bundle that was in force is kept, so that a restart needs no network. It is verified again when it is read.',
  );
