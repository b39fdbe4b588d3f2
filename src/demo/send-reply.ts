import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { JsonReply, Reply, Step, StepsReply } from './replies.ts';
import type { StreamEvent } from './stream-events.ts';
import { toMessage } from './to-message.ts';

export type SendOptions = {
  requestId: string;
  /** Fills in the model of a reply that names none. */
  model: string;
  isStream: boolean;
  /** Resolves when the connection is gone: every wait ends with it. */
  closed: Promise<unknown>;
};

/** Writes a reply out, step by step. */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  options: SendOptions,
): Promise<void> {
  if (!('steps' in reply)) {
    sendJson(response, reply, options.requestId);
    return;
  }
  if (options.isStream) await sendStream(response, reply, options);
  else await sendWhole(response, reply, options);
}

/** Writes a JSON answer; an error's body names the request, as the API's does. */
function sendJson(response: ServerResponse, reply: JsonReply, requestId: string): void {
  const { status, headers, body } = reply;
  const isError = status >= 400 && typeof body === 'object';
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(isError ? { ...body, request_id: requestId } : body));
}

async function sendStream(
  response: ServerResponse,
  reply: StepsReply,
  options: SendOptions,
): Promise<void> {
  for await (const event of play(response, reply, options)) {
    if (!response.headersSent)
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        ...reply.headers,
      });
    const isRoomLeft = response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (!isRoomLeft) await Promise.race([once(response, 'drain'), options.closed]);
  }
  response.end();
}

async function sendWhole(
  response: ServerResponse,
  reply: StepsReply,
  options: SendOptions,
): Promise<void> {
  const events: StreamEvent[] = [];
  for await (const event of play(response, reply, options)) events.push(event);
  if (response.destroyed) return;
  const failure = events.find((event) => event.type === 'error');
  const answer: JsonReply = failure
    ? { status: failure.error.type === 'overloaded_error' ? 529 : 500, headers: {}, body: failure }
    : { status: 200, headers: reply.headers ?? {}, body: toMessage(events) };
  sendJson(response, answer, options.requestId);
}

/** Does what the steps say and yields the events among them. */
async function* play(
  response: ServerResponse,
  { steps }: StepsReply,
  { closed, model }: SendOptions,
): AsyncGenerator<StreamEvent> {
  for await (const step of steps) {
    if (response.destroyed) return;
    if (step === 'cut') {
      // What was written before still goes out; the end of the answer does not.
      response.socket?.destroySoon();
      await closed;
    } else if (step === 'hang') await closed;
    else if ('until' in step) await Promise.race([step.until, closed]);
    else yield withModel(step, model);
  }
}

function withModel(event: Exclude<Step, string | { until: unknown }>, model: string): StreamEvent {
  if (event.type !== 'message_start' || event.message.model !== undefined) return event;
  return { ...event, message: { ...event.message, model } };
}
