import { eventError, isJson, statusError } from './answer.ts';
import { KubeError } from './errors.ts';
import type { Answer } from './exchange.ts';
import { isRecord, parseJson } from './json.ts';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: unknown;
}

const isEventType = (type: unknown): type is WatchEvent['type'] =>
  type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK';

/** Why an answer is none that a watch could go on with; undefined for one that is. */
export function watchRefusal(answer: Answer): KubeError | undefined {
  if (answer.status === 200 && isJson(answer)) return undefined;
  if (answer.status >= 200 && answer.status <= 299) {
    return new KubeError({
      kind: 'protocol',
      reason: 'NotJSON',
      message: 'the answer to a watch is not JSON',
    });
  }
  return statusError(answer, false);
}

/** @throws KubeError for a line that is no event, and that of its Status for an ERROR */
export function parseEvent(line: string): WatchEvent {
  const event = parseJson(line);
  if (!isRecord(event)) {
    throw new KubeError({
      kind: 'protocol',
      reason: 'NotJSON',
      message: 'a line of the watch is not a JSON object',
    });
  }
  const { type, object } = event;
  if (type === 'ERROR') throw eventError(object);
  if (!isEventType(type)) {
    throw new KubeError({
      kind: 'protocol',
      reason: 'UnknownEvent',
      message: `watch event ${JSON.stringify(type)}`,
    });
  }
  return { type, object };
}
