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
 * whether it takes the request; `line` leaves it among the lines, whose reader sees to the reply.
 */
export type ControlHandler = (
  request: ControlRequest,
  reply: (response: Record<string, unknown>) => void,
) => boolean | 'line';

/** Control requests in both directions: ours to the CLI, and the CLI's to us. */
export type ControlChannel = {
  /** Asks the CLI. Rejects with a `RunError` when the CLI refuses or the channel closes. */
  request: (body: ControlRequest) => Promise<unknown>;
  /** Sets who answers the CLI's own requests; until then they are refused. */
  serve: (handler: ControlHandler) => void;
  /** Replies to a control request that was left among the lines. */
  reply: (requestId: string, response: Record<string, unknown>) => void;
  /** Takes a line of the CLI; returns whether its reader need not see it. */
  receive: (line: CliLine) => boolean;
  /** Rejects what is still unanswered; `cause` is for the log. */
  close: (cause: string) => void;
};

type ControlResponse = Extract<CliLine, { type: 'control_response' }>['response'];
type Asked = { body: ControlRequest; replied: PromiseWithResolvers<unknown> };

/** Makes a channel that writes its lines with `send`. */
export function createControlChannel(send: (line: object) => void): ControlChannel {
  const asked = new Map<string, Asked>();
  let isClosed = false;
  let handler: ControlHandler | undefined;

  const reply: ControlChannel['reply'] = (requestId, response) =>
    send(toControlResponse(requestId, response));

  return {
    reply,
    request(body) {
      const replied = Promise.withResolvers<unknown>();
      const requestId = randomUUID();
      send(toControlRequest(requestId, body));
      if (isClosed) replied.reject(processEnded('it had ended before it was asked'));
      else asked.set(requestId, { body, replied });
      return replied.promise;
    },
    serve(newHandler) {
      handler = newHandler;
    },
    receive(line) {
      if (line.type === 'control_response') settle(line.response);
      else if (line.type === 'control_request') return answer(line.request_id, line.request);
      else return false;
      return true;
    },
    close(cause) {
      isClosed = true;
      for (const { replied } of asked.values()) replied.reject(processEnded(cause));
      asked.clear();
    },
  };

  function settle(response: ControlResponse) {
    const { body, replied } = asked.get(response.request_id) ?? {};
    asked.delete(response.request_id);
    if (response.subtype === 'success') replied?.resolve(response.response);
    else if (body) replied?.reject(toRefusalError(body, response.error));
  }

  function answer(requestId: string, body: ControlRequest) {
    const taken = handler?.(body, (response) => reply(requestId, response)) ?? false;
    if (taken === false) send(toControlRefusal(requestId, body.subtype));
    return taken !== 'line';
  }
}
