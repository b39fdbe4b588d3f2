import { readChatEvents } from '../../src/claude/chat/read-chat-events.ts';
import { type CliLine, readCliLine } from '../../src/claude/process/protocol.ts';
import { demoAnswer } from '../../src/demo/answers.ts';
import type { ModelServer, UpstreamRequest } from '../../src/demo/model-server.ts';
import type { Reply, Step } from '../../src/demo/replies.ts';
import type { StreamEvent } from '../../src/demo/stream-events.ts';
import type { Run, RunRequest } from '../../src/run.ts';
import { CLI_STATUS } from './create-test-app.ts';
import { toMessagesBody } from './to-messages-body.ts';

export type ScriptedModel = Pick<ModelServer, 'answer' | 'requests'>;

/**
 * A run without processes: the demo's model answers in the place of the CLI, and what the CLI would say
 * of it is read as the server reads it. `scripted-run.cli.test.ts` holds it to the real CLI.
 */
export function createScriptedRun(): { run: Run; model: ScriptedModel } {
  const model: ScriptedModel = { answer: demoAnswer, requests: [] };
  return {
    model,
    async *run(request, signal) {
      signal.throwIfAborted();
      const closed = Promise.withResolvers<'finished' | 'aborted'>();
      const upstream = toUpstream(request, closed.promise);
      model.requests.push(upstream);
      let how: 'finished' | 'aborted' = 'aborted';
      try {
        const reply = await model.answer(upstream.body, upstream);
        const reading = { model: request.model, interrupt: () => undefined, willAsk: () => false };
        yield* readChatEvents(say(reply, upstream.body.model, signal), reading);
        how = 'finished';
      } finally {
        closed.resolve(how);
      }
    },
  };
}

function toUpstream(request: RunRequest, closed: UpstreamRequest['closed']): UpstreamRequest {
  const known = CLI_STATUS.models.find(({ aliases }) => aliases.includes(request.model));
  const body = toMessagesBody(request, known?.id ?? request.model);
  return { path: '/v1/messages', headers: {}, body, closed };
}

/** What the CLI writes of a reply (2.1.330). */
async function* say(reply: Reply, model: string, signal: AbortSignal): AsyncIterable<CliLine> {
  if (!('steps' in reply)) {
    yield* sayRefusal(reply);
    return;
  }
  let open: number | undefined;
  for await (const step of play(reply.steps, signal)) {
    if (step === 'cut' || step.type === 'error') {
      yield* sayBroken(step, open);
      return;
    }
    if (step.type === 'content_block_start') open = step.index;
    if (step.type === 'content_block_stop') open = undefined;
    yield toLine({ type: 'stream_event', event: withModel(step, model) });
  }
}

/** The CLI closes what is open before it tells what happened. */
function* sayBroken(step: 'cut' | { error: { message: string } }, open: number | undefined) {
  if (open !== undefined)
    yield toLine({ type: 'stream_event', event: { type: 'content_block_stop', index: open } });
  const failed = { ...RESULT, is_error: true };
  if (step === 'cut') yield toLine({ ...failed, result: 'API Error: Connection error.' });
  else
    yield toLine({
      ...failed,
      api_error_status: 529,
      result: `API Error: 529 ${step.error.message}`,
    });
}

function* sayRefusal({ status, headers, body }: Exclude<Reply, { steps: unknown }>) {
  const { message } = (body as { error: { message: string } }).error; // as errorReply makes it
  const retryAfter = headers['retry-after'];
  // It does not wait for hours, and then tells nobody how long they are.
  if (retryAfter !== undefined && Number(retryAfter) < 3600)
    yield toLine({
      type: 'system',
      subtype: 'api_retry',
      error_status: status,
      retry_delay_ms: Number(retryAfter) * 1000,
    });
  const failed = { ...RESULT, is_error: true, api_error_status: status };
  if (message.startsWith('prompt is too long'))
    yield toLine({ ...failed, terminal_reason: 'prompt_too_long', result: 'Prompt is too long' });
  else if (status === 413) yield toLine({ ...failed, result: 'Request too large (max 32MB).' });
  else yield toLine({ ...failed, result: `API Error: ${status} ${message}` });
}

const RESULT = {
  type: 'result',
  subtype: 'success',
  is_error: false,
  num_turns: 1,
  session_id: 's',
};

/** Waits where the reply does; throws the signal's reason when it aborts. */
async function* play(
  steps: Iterable<Step> | AsyncIterable<Step>,
  signal: AbortSignal,
): AsyncIterable<StreamEvent | 'cut'> {
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(signal.reason);
  left.promise.catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    for await (const step of steps) {
      signal.throwIfAborted();
      if (step === 'hang') await left.promise;
      else if (step === 'cut' || 'type' in step) yield step;
      else await Promise.race([step.until, left.promise]);
    }
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function withModel(event: StreamEvent, model: string): StreamEvent {
  if (event.type !== 'message_start') return event;
  return { ...event, message: { ...event.message, model: event.message.model ?? model } };
}

function toLine(line: object): CliLine {
  return readCliLine(JSON.stringify(line)) ?? { type: 'unknown' };
}
