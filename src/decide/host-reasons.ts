/** Reasons that the program gives itself, where neither decoder nor Rego has the word: code, meaning and what to do. */
export const hostReasons = {
  NotOurs: {
    meaning: 'The signer is not one of those configured. The request is never touched.',
    remedy: 'None. Add the signer to `signers` if this program is to decide for it.',
  },
  Finished: {
    meaning: 'The request is approved, denied, failed or issued already.',
    remedy: 'None. `review --as-new` judges it all the same.',
  },
  RequestTooOld: {
    meaning:
      'The kubelet has stopped waiting for it (`max_age_seconds` of the entrypoint) and made another one.',
    remedy: "None. Kubernetes' cleaner deletes it within a day.",
  },
  Base64NotCanonical: {
    meaning:
      '`spec.request` is not canonical base64 (RFC 4648 section 4). Only a file can hold such a request.',
    remedy: 'Copy the object as the API server shows it.',
  },
  FactUnavailable: {
    meaning: 'A fact that floor or policy asks for could not be obtained. Asked again with backoff.',
    remedy:
      'The message names the fact and the cause: permissions, an unreachable API server, a lagging watch.',
  },
  FloorFailed: {
    meaning: 'The built-in floor gave no usable answer. Asked again with backoff.',
    remedy: 'Report it with the request attached: it is a fault of the program.',
  },
  PolicyFailed: {
    meaning:
      'The policy is undefined for this input, failed, took too much memory, said too much, or gave a value of another shape. Asked again with backoff.',
    remedy: 'Evaluate the policy with `opa eval` on the input document that `review -o json` prints.',
  },
  PolicyTimeout: {
    meaning:
      'The policy took longer than `limits.evaluationMs` and was ended. Asked again with backoff, for which the other requests of the same requestor wait too.',
    remedy:
      'Evaluate the policy with `opa eval --profile` on the input document that `review -o json` prints. Where it is the machine that is slow, raise `limits.evaluationMs` or the CPU limit.',
  },
  NotAllowed: {
    meaning: 'The policy has nothing against the request, but `allow` is not true. Left to people.',
    remedy: 'Add a `deny` or `wait` rule that explains the missing requirement, or approve it by hand.',
  },
  Unspecified: {
    meaning: 'A rule gave a sentence without a code.',
    remedy: 'Emit objects with `code` and `msg`.',
  },
} as const;

export type HostReasonCode = keyof typeof hostReasons;
