import { Transform } from 'node:stream';

/** What the proxy does to one request instead of passing it on. */
export type Fault =
  /** A metav1.Status, as the API server would answer. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly details?: object;
    }
  /** 200, from a friendly load balancer. */
  | { readonly kind: 'html' }
  /** 200 and application/json, but not a word of JSON. */
  | { readonly kind: 'garbage' }
  /** 200 with this object, for what no real API server can be brought to say. */
  | { readonly kind: 'json'; readonly body: object }
  /** No answer, and the request does not arrive. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** It arrives when the test says so. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** The connection breaks before the request arrives. */
  | { readonly kind: 'reset' }
  /** The request arrives and takes effect; the connection breaks before the answer. */
  | { readonly kind: 'lost-answer' }
  /** It arrives and takes effect; no answer ever comes. */
  | { readonly kind: 'mute' }
  /** The connection breaks after so many bytes of the answer's body. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** Each line of a watch becomes these: none where it is swallowed, several where one is told twice or was held back. */
  | {
      readonly kind: 'edit-lines';
      readonly edit: (line: string) => readonly string[];
      /** As below; never, unless said. */
      readonly endAfterMs?: number;
    }
  /** The answer ends in good order after a time, as a watch that the server is tired of. */
  | { readonly kind: 'end'; readonly endAfterMs: number };

export interface Passing {
  readonly method: string;
  readonly url: string;
  readonly watch: boolean;
  /** Of the requests so far, from 1. */
  readonly number: number;
}

/** Passes lines on as `edit` says; the rest of a line that never ends is dropped. */
export function lineEditor(edit: (line: string) => readonly string[]): Transform {
  let rest = '';
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      const kept = lines.flatMap((line) => edit(Buffer.from(line, 'latin1').toString('utf8')));
      done(null, kept.length === 0 ? undefined : `${kept.join('\n')}\n`);
    },
  });
}
