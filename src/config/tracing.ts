import { isIP } from 'node:net';
import { z } from 'zod';

/** Field `tracing` of ApproverConfiguration. */
export const tracingConfig = z
  .strictObject({
    endpoint: z
      .url({
        protocol: /^https?$/,
        error: 'not a URL such as http://otel-collector.monitoring:4318/v1/traces',
      })
      .refine(hasNoSecret, 'credentials, query and fragment have no place here: see headersFile')
      .describe(
        'Where a span for each decision, with its parts and calls, is sent by OTLP over HTTP: the whole URL, which ends in `/v1/traces` by custom. Without the field `tracing` there are none, and OpenTelemetry is not loaded.',
      ),
    samplingRatio: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe(
        'Which part of the decisions is traced. The others have trace ids in the decision log all the same.',
      ),
    headersFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Lines `Name: value` that are sent along, such as `Authorization: Bearer …`; read for each batch. Only with `https://`, or on this machine.',
      ),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('CAs in PEM that the receiver must be of; in place of those of the system.'),
  })
  .refine(({ endpoint, headersFile }) => headersFile === undefined || isPrivate(endpoint), {
    path: ['headersFile'],
    message: 'what is in it would travel in the clear: use https:// in `endpoint`',
  })
  .optional();

function hasNoSecret(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password, search, hash } = new URL(text);
  return username === '' && password === '' && search === '' && hash === '';
}

function isPrivate(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { protocol, hostname } = new URL(text);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  return protocol === 'https:' || isLoopback;
}
