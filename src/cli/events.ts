import * as calls from '../kube/calls.ts';
import { KubeError } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import type { EventSink } from '../observe/event.ts';
import { factTimeout } from './cluster-facts.ts';
import type { Running } from './running.ts';

/** @param wanted asked when an Event is about to be sent; one that is no longer wanted is dropped without a word */
export function eventSink({ eventClient: client, policy, log }: Running, wanted?: () => boolean): EventSink {
  return {
    suppressed: () => policy.metrics.eventsSuppressed.inc(),
    createEvent: (namespace, event) =>
      calls.createEvent(client, namespace, event, { ...factTimeout, wanted }),
    failed: (cause) => {
      // Paced is one that could not be sent in time, and has a reason that says so.
      if (cause instanceof KubeError && cause.kind === 'aborted' && cause.reason === undefined) return;
      policy.metrics.eventErrors.inc();
      log.warn(`could not write an Event: ${explain(cause, client.server)}`);
    },
  };
}
