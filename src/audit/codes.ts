/** How bad a finding is, in the words of SARIF. */
export const severities = ['note', 'warning', 'error'] as const;
export type Severity = (typeof severities)[number];

interface Meaning {
  readonly severity: Severity;
  readonly meaning: string;
  readonly remedy: string;
}

/** Everything that an audit can find, the worst first: code, severity, meaning and what to do. */
export const findingCodes = {
  ApprovedNowDenied: {
    severity: 'error',
    meaning: 'A request is approved that the policy denies today.',
    remedy:
      'Find out who approved it (`decided_by`), and whether the policy was stricter since. A certificate cannot be taken back: replace the node, or its addresses, or wait until the certificate expires.',
  },
  ApprovalForged: {
    severity: 'error',
    meaning:
      "An approval has this program's words, but the API server has recorded another client as its writer.",
    remedy:
      'Find the writer in the audit log of the API server, and take away its right to approve. Treat the certificate as stolen.',
  },
  IssuedNotApproved: {
    severity: 'error',
    meaning: 'A request has a certificate, and no approval.',
    remedy:
      'Find out who may update `certificatesigningrequests/status` beside the signer, and take that right away.',
  },
  CertificateDiffers: {
    severity: 'error',
    meaning: 'The issued certificate is not what was asked for: another key, subject, name or usage.',
    remedy:
      'Find out who signs (`kubectl get csr NAME -o yaml`, managedFields), and who may update `certificatesigningrequests/status`.',
  },
  CertificateUnreadable: {
    severity: 'error',
    meaning: 'The issued certificate, or the one that a kubelet serves, has no single reading.',
    remedy: 'Find out who signed it. The signer of Kubernetes issues nothing of that kind.',
  },
  ServedNowDenied: {
    severity: 'error',
    meaning: 'A kubelet serves a certificate that the policy denies today.',
    remedy: 'Find its request and who approved it. Replace the certificate once the cause is mended.',
  },
  ServingCertificateMissing: {
    severity: 'error',
    meaning: 'A kubelet has no serving certificate, and refuses every connection.',
    remedy: 'Look at the requests of its node: pending ones are listed here with their reasons.',
  },
  ServingCertificateExpired: {
    severity: 'error',
    meaning: 'A kubelet serves a certificate that is not valid at present.',
    remedy: 'Look at the requests of its node, and at the clocks of both machines.',
  },
  ServingCertificateUntrusted: {
    severity: 'error',
    meaning:
      'A kubelet serves a certificate that does not lead to the CA that this audit was given, or is not for serving.',
    remedy:
      'If kubelets are signed by another CA than the API server, name it with `--kubelet-ca`. Otherwise find out who answers at that address.',
  },
  ServingCertificateOfAnother: {
    severity: 'error',
    meaning: 'Who answers at the address of a Node shows the certificate of somebody else.',
    remedy:
      'Find out which machine has that address, and who wrote it into the Node. Two Nodes may list one address.',
  },
  ServingCertificateLacksAddress: {
    severity: 'error',
    meaning:
      'The served certificate does not name the address at which the kubelet was asked: an API server that verifies kubelets refuses it.',
    remedy: 'Wait until the kubelet has asked again with its new addresses, or restart it.',
  },
  NotJudged: {
    severity: 'error',
    meaning: 'The policy could not be asked: a fact was missing, or it failed. The exit code is 2.',
    remedy: 'The message names the fact or the failure: mend it and audit again.',
  },
  ApprovedNowNotAllowed: {
    severity: 'warning',
    meaning: 'A request is approved that the policy would not approve today, but does not deny either.',
    remedy:
      'Read the reasons: the Node may be gone or have other addresses by now, or the policy is stricter. If neither, find out who approved it.',
  },
  ForeignApproval: {
    severity: 'warning',
    meaning: 'A request was approved by somebody else than this program.',
    remedy:
      'Find the other approver (deploy/README.md, "Who decided it"), and delete its binding unless it is meant to approve.',
  },
  ApproverUnclear: {
    severity: 'warning',
    meaning: "An approval has this program's words, and the object does not say which client wrote them.",
    remedy:
      'Find the writer in the audit log of the API server. The object never says it of a request that was made with a name and no labels, as a new node makes its first one (`node-csr-…`); of any other, somebody who may update requests has removed it.',
  },
  DeniedNowAllowed: {
    severity: 'warning',
    meaning: 'A request is denied that the policy would approve today.',
    remedy: 'Delete the request: the kubelet makes another one.',
  },
  PendingNowAllowed: {
    severity: 'warning',
    meaning: 'A request has been pending for more than a minute, and the policy would approve it.',
    remedy: 'Look whether the approver runs, leads and enforces. A kubelet asks again after 15 minutes.',
  },
  NotIssued: {
    severity: 'warning',
    meaning: 'A request has been approved for more than a minute, and has no certificate.',
    remedy: 'Look whether the signer runs: deploy/README.md, "Approved, not issued".',
  },
  SigningFailed: {
    severity: 'warning',
    meaning: 'The signer has refused what was approved.',
    remedy: "The message is the signer's. Delete the request, and find out who approved it.",
  },
  ServedNowNotAllowed: {
    severity: 'warning',
    meaning:
      'A kubelet serves a certificate that the policy would not approve today, but does not deny either.',
    remedy:
      'Read the reasons: most often the addresses of the Node have changed, and the kubelet will ask again.',
  },
  ServingCertificateSelfSigned: {
    severity: 'warning',
    meaning: 'A kubelet has signed its certificate itself: nobody can verify it.',
    remedy: 'Set `serverTLSBootstrap: true` in the configuration of the kubelet, and restart it.',
  },
  ServingCertificateRotationOverdue: {
    severity: 'warning',
    meaning: 'A served certificate is in the last tenth of its life: the kubelet should have replaced it.',
    remedy: 'Look at the requests of its node: deploy/README.md, "Rotation is stuck".',
  },
  IssuedNotServed: {
    severity: 'warning',
    meaning: 'A newer certificate was issued more than a minute ago, and the kubelet serves an older one.',
    remedy: 'Look at the log of the kubelet: deploy/README.md, "Issued, not served".',
  },
  KubeletUnreachable: {
    severity: 'warning',
    meaning: 'A kubelet did not answer.',
    remedy: 'Run the audit where the nodes can be reached, as the API server can; look at the Node.',
  },
  KubeletAddressMissing: {
    severity: 'warning',
    meaning: 'A Node lists no InternalIP, or no port of its kubelet.',
    remedy: 'Look whether its kubelet runs.',
  },
  KubeletAddressRefused: {
    severity: 'warning',
    meaning:
      'A Node lists an address or a port that no kubelet has, such as loopback or a metadata service. It was not connected to.',
    remedy: 'Find out who wrote it: a node writes its own addresses.',
  },
  KubeletsNotAsked: {
    severity: 'warning',
    meaning: 'So many kubelets did not answer, and none did, that the others were not asked.',
    remedy:
      'Run the audit where the nodes can be reached, or ask all of them with `--kubelets all`; `--kubelets none` asks none.',
  },
  KubeletsNotVerified: {
    severity: 'warning',
    meaning: 'There is no CA to verify what kubelets serve: everything else was looked at.',
    remedy: 'Name the CA that signs serving certificates with `--kubelet-ca`.',
  },
  PendingNotAllowed: {
    severity: 'note',
    meaning: 'A request is pending, and the policy would not approve it.',
    remedy: 'Read the reasons.',
  },
} as const satisfies Record<string, Meaning>;

export type FindingCode = keyof typeof findingCodes;

export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(findingCodes, text);
}

/** In the order of the table: the worst first. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own keys
export const allFindingCodes = Object.keys(findingCodes) as readonly FindingCode[];
