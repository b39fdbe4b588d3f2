import { randomUUID } from 'node:crypto';

import { processEnded, toRefusalError } from './failures.ts';
import {
  type ControlRequest,
  toControlRefusal,
  toControlRequest,
  toControlResponse,
} from './input-lines.ts';
import type { CliLine } from './protocol.ts';

/**
 * Answers a control request, now or later, by calling `reply` with the response's body. Returns
 * whether it takes the request.
 */
export type ControlHandler = (
  request: ControlRequest,
  reply: (response: Record<string, unknown>) => void,
) => boolean;

/** Control requests in both directions: ours to the CLI, and the CLI's to us. */
export type ControlChannel = {
  /** Asks the CLI. Rejects with a `RunError` when the CLI refuses or the channel closes. */
  request: (body: ControlRequest) => Promise<unknown>;
  /** Sets who answers the CLI's own requests; until then they are refused. */
  serve: (handler: ControlHandler) => void;
  /** Takes a line of the CLI; returns whether it was a control line. */
  receive: (line: CliLine) => boolean;
  /** Rejects what is still unanswered; `cause` is for the log. */
  close: (cause: string) => void;
};

type ControlResponse = Extract<CliLine, { type: 'control_response' }>['response'];
type Asked = { body: ControlRequest; reply: PromiseWithResolvers<unknown> };

/** Makes a channel that writes its lines with `send`. */
export function createControlChannel(send: (line: object) => void): ControlChannel {
  const asked = new Map<string, Asked>();
  let isClosed = false;
  let handler: ControlHandler | undefined;

  return {
    request(body) {
      const reply = Promise.withResolvers<unknown>();
      const requestId = randomUUID();
      send(toControlRequest(requestId, body));
      if (isClosed) reply.reject(processEnded('it had ended before it was asked'));
      else asked.set(requestId, { body, reply });
      return reply.promise;
    },
    serve(newHandler) {
      handler = newHandler;
    },
    receive(line) {
      if (line.type === 'control_response') settle(line.response);
      else if (line.type === 'control_request') answer(line.request_id, line.request);
      else return false;
      return true;
    },
    close(cause) {
      isClosed = true;
      for (const { reply } of asked.values()) reply.reject(processEnded(cause));
      asked.clear();
    },
  };

  function settle(response: ControlResponse) {
    const { body, reply } = asked.get(response.request_id) ?? {};
    asked.delete(response.request_id);
    if (response.subtype === 'success') reply?.resolve(response.response);
    else if (body) reply?.reject(toRefusalError(body, response.error));
  }

  function answer(requestId: string, body: ControlRequest) {
    const reply = (response: Record<string, unknown>) =>
      send(toControlResponse(requestId, response));
    if (!handler?.(body, reply)) send(toControlRefusal(requestId, body.subtype));
  }
}
