import type { X509Certificate } from 'node:crypto';
import { DecodeRefusal } from '../csr/refusal.ts';
import { decideDocument } from '../decide/decide.ts';
import { nodeUser } from '../facts/node.ts';
import { refusedTarget } from './address.ts';
import { type Certificate, fingerprintOf, readCertificate, showCertificate } from './certificate.ts';
import { type AuditedKubelet, becauseOf, type Finding, type Judgement } from './finding.ts';
import type { Handshake, Target } from './handshake.ts';
import type { Issued } from './issued.ts';
import type { NodeKubelet } from './node-kubelet.ts';
import { explainedBy, type Judging } from './request.ts';
import { assumedOfServed, servedDocument, servingSigner } from './served.ts';

export interface Looking extends Judging {
  readonly shakeHands: (target: Target) => Promise<Handshake>;
  /** Why somebody is not connected to. */
  readonly refused?: ((address: string, port: number) => string | undefined) | undefined;
  readonly issued: (node: string) => readonly Issued[];
}

/** So long a kubelet may take to serve what was issued to it. */
const graceMs = 60_000;

/** The part of a certificate's life after which every kubelet has replaced it: they do at 70 to 90 % (client-go, certificate_manager.go). */
const overdue = 0.9;

/** Looks at the certificate that the kubelet of a Node serves. */
export async function auditKubelet({ node, target }: NodeKubelet, looking: Looking): Promise<AuditedKubelet> {
  const nothing = {
    kind: 'kubelet',
    node,
    at: undefined,
    certificate: undefined,
    request: undefined,
    judgement: undefined,
    assumed: [],
  } as const;
  if (typeof target === 'string')
    return { ...nothing, findings: [{ code: 'KubeletAddressMissing', message: target }] };
  const why = (looking.refused ?? refusedTarget)(target.address, target.port);
  if (why !== undefined) return { ...nothing, findings: [{ code: 'KubeletAddressRefused', message: why }] };
  const at = showTarget(target);
  const answer = await looking.shakeHands(target);
  switch (answer.kind) {
    case 'unreachable':
      return {
        ...nothing,
        at,
        findings: [{ code: 'KubeletUnreachable', message: `${at}: ${answer.reason}` }],
      };
    case 'refused':
      return {
        ...nothing,
        at,
        findings: [
          { code: 'ServingCertificateMissing', message: `${at} answers with a TLS alert, internal_error` },
        ],
      };
    case 'shown':
      return { ...nothing, at, ...(await auditServed(node, target, answer, looking)) };
  }
}

type Served = Pick<AuditedKubelet, 'certificate' | 'request' | 'judgement' | 'assumed' | 'findings'>;

async function auditServed(
  node: string,
  { address }: Target,
  { certificate: x509, problem }: Extract<Handshake, { kind: 'shown' }>,
  looking: Looking,
): Promise<Served> {
  const certificate = readCertificate(x509.raw, looking.limits.maxSANs) ?? { x509, content: tooLarge };
  const fingerprint = fingerprintOf(x509);
  const issued = looking.issued(node);
  const own = issued.find((one) => one.fingerprint === fingerprint);
  const shown = {
    certificate: showCertificate(certificate),
    request: own?.request,
    judgement: undefined,
    assumed: [],
  };
  const trust = trustFinding(problem, x509, looking.now);
  if (trust !== undefined) return { ...shown, findings: [trust] };
  const { content } = certificate;
  if (content instanceof DecodeRefusal) {
    const message = `${content.code}: ${content.message}`;
    return { ...shown, findings: [{ code: 'CertificateUnreadable', message }] };
  }
  const user = nodeUser(node);
  if (content.subject.commonName !== user) {
    const message = `the certificate is ${content.subject.commonName}'s`;
    return { ...shown, findings: [{ code: 'ServingCertificateOfAnother', message }] };
  }
  const judgement = await judgeServed(node, certificate, looking);
  const findings: Finding[] = [
    ...verdictFindings(judgement),
    ...timeFindings(certificate, looking.now),
    ...(content.sans.ip.includes(address)
      ? []
      : [
          {
            code: 'ServingCertificateLacksAddress',
            message: `asked at ${address}; named are ${[...content.sans.dns, ...content.sans.ip].join(', ')}`,
          } as const,
        ]),
    ...newerFindings(certificate, issued, own, looking.now),
  ];
  return { ...shown, judgement, assumed: judgement === undefined ? [] : assumedOfServed, findings };
}

const tooLarge = new DecodeRefusal('CSRTooLarge', 'a certificate');

/** Undefined where the configuration has no policy for serving certificates. */
async function judgeServed(
  node: string,
  certificate: Certificate,
  looking: Looking,
): Promise<Judgement | undefined> {
  const { policies, gather, now } = looking;
  const policy = policies.signers.get(servingSigner);
  if (policy === undefined || certificate.content instanceof DecodeRefusal) return undefined;
  const document = servedDocument(node, certificate, certificate.content, now);
  const decision = await decideDocument(document, gather, policies);
  const { kind, reasons, warnings } = decision.verdict;
  const explain = explainedBy(decision, servingSigner, looking);
  return { kind, reasons, warnings, revision: policy.revision, aged: 'as new', ...(explain && { explain }) };
}

function verdictFindings(judgement: Judgement | undefined): Finding[] {
  if (judgement === undefined || judgement.kind === 'approve') return [];
  const { kind, reasons, explain } = judgement;
  const because = { message: becauseOf(reasons), ...(explain && { explain }) };
  if (kind === 'error' || kind === 'ignore') return [{ code: 'NotJudged', ...because }];
  return [{ code: kind === 'deny' ? 'ServedNowDenied' : 'ServedNowNotAllowed', ...because }];
}

/** By OpenSSL's words (verify(1)). Times are looked at by the API server's clock, not by ours. */
function trustFinding(problem: string | undefined, x509: X509Certificate, now: Date): Finding | undefined {
  switch (problem) {
    case undefined:
      return undefined;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return { code: 'ServingCertificateSelfSigned', message: problem };
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      // It may be the CA's time that is over.
      if (now > x509.validToDate || now < x509.validFromDate) return undefined;
      break;
    default:
  }
  return { code: 'ServingCertificateUntrusted', message: problem };
}

function timeFindings({ x509 }: Certificate, now: Date): Finding[] {
  const { validFromDate: from, validToDate: to } = x509;
  if (now > to) return [{ code: 'ServingCertificateExpired', message: `expired at ${to.toISOString()}` }];
  if (now < from)
    return [{ code: 'ServingCertificateExpired', message: `valid only from ${from.toISOString()}` }];
  if ((+now - +from) / (+to - +from) <= overdue) return [];
  return [{ code: 'ServingCertificateRotationOverdue', message: `expires at ${to.toISOString()}` }];
}

function newerFindings(
  { x509 }: Certificate,
  issued: readonly Issued[],
  own: Issued | undefined,
  now: Date,
): Finding[] {
  const [newest] = issued;
  if (newest === undefined || newest === own || newest.notBefore <= x509.validFromDate.getTime()) return [];
  if (now.getTime() - newest.createdAt <= graceMs) return [];
  return [{ code: 'IssuedNotServed', message: `issued for ${newest.request}` }];
}

const showTarget = ({ address, port }: Target): string =>
  address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
