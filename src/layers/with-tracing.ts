import { isAgentOnly } from '../run-answer.ts';
import { toRunError } from '../run-error.ts';
import type { Run, RunEvent, RunProgress, RunRequest, TokenUsage } from '../run.ts';
import type { OpenSpan, SpanAttributes, Tracing } from '../tracing/tracing.ts';

const LONGEST_MODEL_NAME = 100;

/** Whose models the CLI asks, as the conventions name them. */
const PROVIDER = 'anthropic';

/**
 * A span for each run, below the request's, with the attributes of OpenTelemetry's GenAI conventions
 * (https://github.com/open-telemetry/semantic-conventions-genai), and one below it for the wait in the queue. What is
 * further inside goes below the first one. Never what was said.
 */
export function withTracing(run: Run, tracing: Tracing | undefined): Run {
  if (!tracing) return run;
  return async function* traced(request, signal) {
    const startedAt = performance.now();
    const span = tracing.open(toRunSpan(request));
    const queue = tracing.open({ name: 'queue', parent: span.context });
    let hasFirst = false;
    const hear = (event: RunEvent | RunProgress) => {
      if (event.type === 'run-progress' && event.step !== 'queued') queue.end();
      if (event.type === 'part-delta' && !hasFirst) {
        hasFirst = true;
        const seconds = (performance.now() - startedAt) / 1000;
        span.set({ 'gen_ai.response.time_to_first_chunk': seconds });
      }
      if (!isAgentOnly(event)) span.set(toHeard(event));
    };
    yield* watch(run(below(request, span), signal), hear, [queue, span]);
  };
}

/** A span for each time that the CLI is asked, with how far that came. */
export function withTurnTracing(run: Run, tracing: Tracing | undefined): Run {
  return withSpan(run, tracing, () => ({ name: 'claude turn' }));
}

/** A span for each run that a worker of a cluster took from the queue. */
export function withWorkerTracing(run: Run, tracing: Tracing | undefined): Run {
  return withSpan(run, tracing, (request) => ({
    name: 'worker',
    kind: 'consumer',
    attributes: { 'claude_proxy.request_id': request.caller.requestId },
  }));
}

function withSpan(
  run: Run,
  tracing: Tracing | undefined,
  toSpan: (request: RunRequest) => Omit<Parameters<Tracing['open']>[0], 'parent'>,
): Run {
  if (!tracing) return run;
  return async function* traced(request, signal) {
    const span = tracing.open({ ...toSpan(request), parent: request.caller.trace });
    const hear = (event: RunEvent | RunProgress) => {
      if (event.type === 'run-progress') span.note(event.step);
    };
    yield* watch(run(below(request, span), signal), hear, [span]);
  };
}

/** Hands events on, and ends the spans with the run. Whoever leaves has not met an error. */
async function* watch(
  events: ReturnType<Run>,
  hear: (event: RunEvent | RunProgress) => void,
  spans: readonly OpenSpan[],
): ReturnType<Run> {
  try {
    for await (const event of events) {
      hear(event);
      yield event;
    }
  } catch (error) {
    const { code } = toRunError(error);
    for (const span of spans) span.end(code === 'cancelled' ? undefined : code);
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}

function below(request: RunRequest, { context }: OpenSpan): RunRequest {
  return { ...request, caller: { ...request.caller, trace: context } };
}

function toRunSpan({ model, agent, caller, sampling, output }: RunRequest) {
  const requested = model.slice(0, LONGEST_MODEL_NAME);
  return {
    name: agent ? 'invoke_agent' : `chat ${requested}`,
    kind: 'client',
    parent: caller.trace,
    attributes: {
      'gen_ai.operation.name': agent ? 'invoke_agent' : 'chat',
      'gen_ai.provider.name': PROVIDER,
      'gen_ai.request.model': requested,
      'gen_ai.request.max_tokens': sampling.maxOutputTokens,
      'gen_ai.request.temperature': sampling.temperature,
      'gen_ai.request.top_p': sampling.topP,
      'gen_ai.request.top_k': sampling.topK,
      'gen_ai.output.type': output.type,
      'claude_proxy.request_id': caller.requestId,
    },
  } as const;
}

function toHeard(event: RunEvent | RunProgress): SpanAttributes {
  if (event.type === 'run-start') {
    return {
      'gen_ai.response.id': event.id,
      'gen_ai.response.model': event.model,
      'gen_ai.conversation.id': event.sessionId,
    };
  }
  if (event.type !== 'run-end') return {};
  return { 'gen_ai.response.finish_reasons': [event.finish], ...toTokens(event.usage) };
}

/** Here, unlike in the conventions, cache reads and writes are no part of the input. */
function toTokens({ input, output, cacheRead, cacheWrite, reasoning }: TokenUsage) {
  return {
    'gen_ai.usage.input_tokens': input + cacheRead + cacheWrite,
    'gen_ai.usage.output_tokens': output,
    'gen_ai.usage.cache_read.input_tokens': cacheRead,
    'gen_ai.usage.cache_creation.input_tokens': cacheWrite,
    'gen_ai.usage.reasoning.output_tokens': reasoning,
  };
}
