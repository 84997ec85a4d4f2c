import { z } from 'zod';

const MiB = 1024 * 1024;

const file = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('File that gets the lines, too; a missing folder is made. Required for a file.'),
  maxBytes: z
    .int()
    .min(2 * MiB)
    .max(1024 * 1024 * MiB)
    .default(100 * MiB)
    .describe('A file that would grow beyond is renamed to `PATH.1`, that one to `PATH.2`, and so on.'),
  maxFiles: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe('Most files, the one that is written among them; the oldest is removed.'),
});

const service = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .describe(
        'Server that gets the lines, too, as OPA sends decision logs: `https://…`; `http://…` only on this machine. Required for a server.',
      ),
    resource: z
      .string()
      .regex(/^\/[\x21-\x7e]*$/, 'a path that begins with /')
      .default('/logs')
      .describe('Path below `url`; `/logs/PARTITION` where OPA has a `partition_name`.'),
    credentials: z
      .strictObject({
        bearerTokenFile: z
          .string()
          .min(1)
          .optional()
          .describe('Token. This file and the next two are read again for each upload.'),
        clientCertificateFile: z.string().min(1).optional().describe('Client certificate, in PEM.'),
        clientKeyFile: z.string().min(1).optional().describe('Its key.'),
      })
      .refine((own) => (own.clientCertificateFile === undefined) === (own.clientKeyFile === undefined), {
        path: ['clientKeyFile'],
        message: 'clientCertificateFile and clientKeyFile go together',
      })
      .prefault({}),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('CAs in PEM that the server must be of; in place of those of the system.'),
    minDelaySeconds: z
      .int()
      .min(1)
      .max(3600)
      .default(5)
      .describe('Shortest time for which lines are gathered; one that is full goes at once.'),
    maxDelaySeconds: z
      .int()
      .min(1)
      .max(3600)
      .default(10)
      .describe('Longest one, and the longest delay between two tries while the server fails.'),
    uploadSizeLimitBytes: z
      .int()
      .min(1024)
      .max(64 * MiB)
      .default(256 * 1024)
      .describe('Most bytes of one upload, after compression. A line that alone is larger is dropped.'),
    bufferSizeLimitBytes: z
      .int()
      .min(64 * 1024)
      .max(1024 * MiB)
      .default(16 * MiB)
      .describe(
        'Most bytes of lines that wait, before compression. Beyond it the oldest are dropped, and counted.',
      ),
  })
  .refine(({ minDelaySeconds: min, maxDelaySeconds: max }) => min <= max, {
    path: ['maxDelaySeconds'],
    message: 'less than minDelaySeconds',
  })
  .refine(({ url }) => isPlain(url), {
    path: ['url'],
    message: 'credentials, query and fragment have no place here: see credentials and resource',
  })
  .refine(({ url }) => isSafe(url), {
    path: ['url'],
    message: 'without TLS anybody on the way could read and change the log: use https://',
  });

/** Field `decisionLog` of ApproverConfiguration. */
export const decisionLogConfig = z.strictObject({
  console: z
    .boolean()
    .default(true)
    .describe('Whether each decision is a line on standard output. The log is on standard error.'),
  labels: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/, 'not a name'), z.string().max(256))
    .default({})
    .describe(
      'More `labels` of every line, such as the name of the cluster. `app`, `id` and `version` are there already, and are not replaced.',
    ),
  file: file.optional(),
  service: service.optional(),
});

export type DecisionLogConfig = z.infer<typeof decisionLogConfig>;

/** A password in it would be passed over, and `resource` would end up in a query. */
function isPlain(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return username === '' && password === '' && !/[?#]/.test(url);
}

function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return (
    protocol === 'https:' ||
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    /^127(\.[0-9]{1,3}){3}$/.test(hostname)
  );
}
