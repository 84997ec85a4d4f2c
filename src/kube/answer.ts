import { bounded, KubeError } from './errors.ts';
import type { Answer } from './exchange.ts';
import { isRecord, parseJson, recordOf, type JsonRecord } from './json.ts';

/** The error of an answer that is not a success. Its body should be a metav1.Status, but a proxy's may be anything. */
export function statusError(answer: Answer, write: boolean): KubeError {
  const given = isJson(answer) ? parseJson(answer.body.toString('utf8')) : undefined;
  return fromStatus(isRecord(given) && given['kind'] === 'Status' ? given : {}, answer, write);
}

/** The error of a watch's ERROR event, whose object is a metav1.Status. */
export function eventError(object: unknown): KubeError {
  const given = recordOf(object);
  const code = typeof given['code'] === 'number' ? given['code'] : 500;
  return fromStatus(given, { status: code, headers: {} }, false);
}

function fromStatus(
  given: JsonRecord,
  answer: Pick<Answer, 'status' | 'headers'>,
  write: boolean,
): KubeError {
  const { status } = answer;
  const message = typeof given['message'] === 'string' ? given['message'] : '';
  const reason = typeof given['reason'] === 'string' ? bounded(given['reason'], 64) : '';
  const details = recordOf(given['details']);
  return new KubeError({
    kind: 'status',
    status,
    reason: reason === '' ? undefined : reason,
    message: message === '' ? `the server answered ${String(status)}` : message,
    retryAfterSeconds: retryAfter(answer.headers['retry-after'], details['retryAfterSeconds']),
    // A 4xx is a refusal. After a 5xx the write may still have reached etcd.
    uncertain: write && status >= 500,
  });
}

/** In seconds. A kubelet waits for 15 minutes: one answer must not take most of that from its request. */
const MAX_RETRY_AFTER = 60;

/** Header first (seconds or a date, RFC 9110 §10.2.3), then the Status' own. Bounded: a mistake must not park us. */
function retryAfter(header: string | string[] | undefined, detail: unknown): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  let seconds = typeof detail === 'number' && detail > 0 ? detail : undefined;
  if (text !== undefined) {
    const value = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
    if (Number.isFinite(value)) seconds = Math.max(0, value);
  }
  return seconds === undefined ? undefined : Math.min(seconds, MAX_RETRY_AFTER);
}

/** The object of a successful answer. A load balancer's friendly 200 page must not pass for an empty object. */
export function jsonBody(answer: Answer, write: boolean): JsonRecord {
  const value = isJson(answer) ? parseJson(answer.body.toString('utf8')) : undefined;
  if (isRecord(value)) return value;
  throw new KubeError({
    kind: 'protocol',
    status: answer.status,
    reason: 'NotJSON',
    message: isJson(answer)
      ? 'the answer is not a JSON object'
      : `the answer is ${JSON.stringify(answer.headers['content-type'] ?? 'of no type')}, not JSON: is this the API server?`,
    uncertain: write,
  });
}

export function isJson(answer: Answer): boolean {
  const type = answer.headers['content-type'];
  return typeof type === 'string' && /^application\/json\s*(?:;|$)/i.test(type);
}
