import { hostname } from 'node:os';

import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';

import { within } from '../common/within.ts';
import type { NewSpan, OpenSpan, SpanAttributes, TraceContext, Tracing } from './tracing.ts';

export type TracingOptions = {
  /** The collector's address, to which the exporter adds `/v1/traces`. */
  endpoint: string;
  version: string;
  /** What this process is: `both`, `front` or `worker`. */
  role: string;
  /** Told when spans could not be sent; they are lost then. */
  onProblem: (error: unknown) => void;
};

const SERVICE = 'claude-code-proxy';

/** Longest time to send the last spans, in milliseconds. */
const FAREWELL_MS = 3000;

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
} as const satisfies Record<NonNullable<NewSpan['kind']>, SpanKind>;

const propagator = new W3CTraceContextPropagator();

/**
 * Makes spans and sends them by OTLP over HTTP, as JSON. What else there is to set, the SDK reads from the
 * environment by itself: headers, sampler, service name, resource attributes, timeouts.
 */
export function openTracing({ endpoint, version, role, onProblem }: TracingOptions): Tracing {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const own = resourceFromAttributes({
    'service.name': SERVICE,
    'service.version': version,
    'host.name': hostname(),
    'claude_proxy.role': role,
  });
  const provider = new BasicTracerProvider({
    resource: own.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor(withProblems(new OTLPTraceExporter({ url }), onProblem)),
    ],
  });
  const tracer = provider.getTracer(SERVICE, version);
  return {
    open({ name, kind = 'internal', parent, attributes = {} }) {
      const above = parent
        ? propagator.extract(ROOT_CONTEXT, parent, defaultTextMapGetter)
        : ROOT_CONTEXT;
      const options = { kind: KINDS[kind], attributes: toGiven(attributes) };
      return toOpenSpan(tracer.startSpan(name, options, above));
    },
    async close() {
      await within(provider.shutdown().catch(ignore), FAREWELL_MS); // the exporter has told why
    },
  };
}

function toOpenSpan(span: Span): OpenSpan {
  const context: TraceContext = { traceparent: '' };
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), context, defaultTextMapSetter);
  return {
    context,
    set: (attributes) => void span.setAttributes(toGiven(attributes)),
    note: (event) => void span.addEvent(event),
    rename: (name) => void span.updateName(name),
    end(failure) {
      if (!span.isRecording()) return;
      if (failure !== undefined) {
        span.setAttribute('error.type', failure);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

/** Attributes as the SDK takes them: it has no place for what is not known. */
function toGiven(attributes: SpanAttributes) {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      Array.isArray(value) ? [...value] : value,
    ]),
  ) as Record<string, string | number | boolean | string[] | undefined>; // the same values
}

/** The SDK tells failures to nobody. */
function withProblems(
  exporter: SpanExporter,
  onProblem: TracingOptions['onProblem'],
): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.FAILED) onProblem(result.error);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

function ignore(): void {}
