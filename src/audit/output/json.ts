import { timestamp } from '../../decide/document.ts';
import { safeJson } from '../../text/json.ts';
import { findingCodes } from '../codes.ts';
import type { Audited, Finding } from '../finding.ts';
import { type AuditReport, fails } from '../report.ts';
import type { Context } from './context.ts';

/** For programs: a line for each request and each kubelet, as soon as it is judged. */
export function jsonLine(audited: Audited): string {
  return `${safeJson({ ...fieldsOf(audited), findings: audited.findings.map(findingOf) })}\n`;
}

function fieldsOf(audited: Audited): object {
  switch (audited.kind) {
    case 'csr': {
      const { name, uid, signerName, username, createdAt, state, decided, judgement, certificate } = audited;
      return {
        kind: 'csr',
        name,
        uid,
        signer_name: signerName,
        username,
        created_at: createdAt && timestamp(createdAt),
        state,
        decided_by: decided && { ...decided, at: decided.at && timestamp(decided.at) },
        verdict: judgement,
        certificate,
      };
    }
    case 'kubelet': {
      const { node, at, certificate, request, judgement, assumed } = audited;
      return { kind: 'kubelet', node, at, certificate, request, verdict: judgement, assumed };
    }
    case 'run':
      return { kind: 'run' };
  }
}

function findingOf({ code, message }: Finding) {
  return { code, severity: findingCodes[code].severity, message };
}

/** The last line: what it all came to. */
export function jsonSummary(report: AuditReport, context: Context): string {
  const { requests, ours, kubelets, found } = report;
  const { inOrder, ...counts } = kubelets;
  const summary = {
    kind: 'summary',
    version: context.version,
    policy: context.policy,
    revisions: Object.fromEntries(context.revisions),
    kubelet_ca: context.kubeletCA,
    requests,
    approved_by_this_program: ours,
    kubelets: { ...counts, in_order: inOrder },
    findings: Object.fromEntries(found.map((code) => [code, report.count(code)])),
    failed_by: found.filter((code) => fails(code, context.failOn)),
  };
  return `${safeJson(summary)}\n`;
}
