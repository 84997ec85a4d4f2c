/** Values of spans: short, and strangers' text escaped. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A span that is under way. */
export interface Span {
  /** W3C Trace Context, section 3.2.2: 32 and 16 hexadecimal digits. */
  readonly trace: string;
  readonly span: string;
  readonly set: (attributes: Attributes) => void;
  /** It did not do what it is for. @param type one of few words, such as a status or a code */
  readonly fail: (type: string) => void;
  /** A part of it that is over. @param beginMs by `performance.now()`, as is @param endMs */
  readonly part: (name: string, beginMs: number, endMs: number) => void;
}

/** A request that goes to another process. */
interface SpanOfCall {
  /** Tells the other process which span it is a part of; none where nobody would see that. */
  readonly headers: Readonly<Record<string, string>>;
  readonly end: (attributes: Attributes, problem: string | undefined) => void;
}

export type Spanned = <T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
) => Promise<T>;

/** Spans of what the program does, and where they go. There is none of it where tracing is off. */
export interface Tracing {
  /** Does work in a span that begins a trace. A throw fails the span, and is passed on. */
  readonly root: Spanned;
  /** The same in a span that is a part of the one that is under way where it is begun. */
  readonly within: Spanned;
  /** Begins the span of a request, in the span that is under way; undefined where there is none. */
  readonly call: (name: string, attributes: Attributes) => SpanOfCall | undefined;
  /** Sends what is left, for so long. */
  readonly stop: (deadlineMs: number) => Promise<void>;
}

/** What becomes of spans that were to be sent. */
export type SpanFate = 'sent' | 'failed' | 'dropped';

export interface TracingOptions {
  /** URL of an OTLP/HTTP receiver for traces. */
  readonly endpoint: string;
  /** Of decisions, from 0 to 1. */
  readonly samplingRatio: number;
  /** Lines `Name: value`, read for each batch. */
  readonly headersFile: string | undefined;
  readonly caFile: string | undefined;
  /** Names this program, in the words of OpenTelemetry. */
  readonly resource: Readonly<Record<string, string>>;
  readonly version: string;
  readonly told: (fate: SpanFate, spans: number) => void;
  /** A batch was not taken. Must not throw. */
  readonly failed: (cause: unknown) => void;
}
