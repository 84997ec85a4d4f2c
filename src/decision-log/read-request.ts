import { z } from 'zod';
import type { CertificateRequest } from '../decide/request.ts';
import type { DecisionLine } from './line.ts';

const logged = z.object({
  csr: z.object({
    name: z.string(),
    uid: z.string(),
    signer_name: z.string(),
    resource_version: z.string(),
    created_at: z.iso.datetime({ offset: true }).optional(),
  }),
  request: z.object({
    request: z.string(),
    username: z.string(),
    user_uid: z.string(),
    groups: z.array(z.string()),
    extra: z.record(z.string(), z.array(z.string())),
    usages: z.array(z.string()),
    expiration_seconds: z.int(),
  }),
});

/**
 * The request of a line that has no input document, to be decoded again; undefined where a mask has taken a part of it, or
 * it was too long to be logged.
 */
export function requestIn(line: DecisionLine): CertificateRequest | undefined {
  const read = logged.safeParse(line.custom);
  if (!read.success) return undefined;
  const { csr, request } = read.data;
  return {
    name: csr.name,
    uid: csr.uid,
    resourceVersion: csr.resource_version,
    createdAt: csr.created_at === undefined ? undefined : new Date(csr.created_at),
    signerName: csr.signer_name,
    request: request.request,
    usages: request.usages,
    username: request.username,
    userUid: request.user_uid,
    groups: request.groups,
    extra: request.extra,
    expirationSeconds: request.expiration_seconds,
    issued: false,
    conditions: [],
  };
}
