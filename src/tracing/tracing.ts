import type { Caller } from '../run.ts';

/** A span as W3C Trace Context names it (https://www.w3.org/TR/trace-context/). */
export type TraceContext = NonNullable<Caller['trace']>;

/** What one server makes spans with. Without it none are made, and nothing of OpenTelemetry is loaded. */
export type Tracing = {
  /** Opens a span below its parent, or a trace of its own. */
  open: (span: NewSpan) => OpenSpan;
  /** Sends what is left. */
  close: () => Promise<void>;
};

export type NewSpan = {
  name: string;
  /** As OpenTelemetry names them. Default: `internal`. */
  kind?: 'internal' | 'server' | 'client' | 'consumer';
  parent?: TraceContext | undefined;
  attributes?: SpanAttributes;
};

/** Numbers and names, never what was said. What is `undefined` is left out. */
export type SpanAttributes = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export type OpenSpan = {
  /** For the spans below it. */
  context: TraceContext;
  set: (attributes: SpanAttributes) => void;
  /** Notes that something happened now. */
  note: (event: string) => void;
  rename: (name: string) => void;
  /** Ends it; `failure` names why it failed. The first call counts. */
  end: (failure?: string) => void;
};
