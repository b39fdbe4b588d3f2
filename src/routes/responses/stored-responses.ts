import type { Context } from 'hono';

import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import type { AppEnv } from '../../http/variables.ts';
import { RunError } from '../../run-error.ts';
import { streamMessages } from '../stream-messages.ts';
import { checkStreamable, followResponse } from './follow-response.ts';
import { readNumber } from '../read-number.ts';
import { whileKeyHolds } from '../while-key-holds.ts';
import type { ResponseParts } from './response-parts.ts';

type IdContext = Context<AppEnv, '/:id'>;

/** `GET /v1/responses/{id}`; with `stream=true` the events of one that runs in the background. */
export function getResponse(parts: ResponseParts) {
  return async (c: IdContext): Promise<Response> => {
    const id = c.req.param('id');
    if (c.req.query('stream') !== 'true') {
      const { response } = await parts.book.get(id, c.var.caller.keyId);
      return c.json(response);
    }
    const after = readNumber(c.req.query('starting_after'), 'starting_after') ?? -1;
    await checkStreamable(parts, id, c.var);
    const { caller } = c.var;
    const events = whileKeyHolds(c.var, (signal) =>
      followResponse(parts, id, { caller, signal }, after),
    );
    return streamMessages(c, openaiResponses, events);
  };
}

/** `DELETE /v1/responses/{id}`; one that still runs is ended first. */
export function deleteResponse({ book, background }: ResponseParts) {
  return async (c: IdContext): Promise<Response> => {
    const id = c.req.param('id');
    await book.get(id, c.var.caller.keyId);
    await background.end(id, toCancelled());
    await book.delete(id, c.var.caller.keyId);
    return c.json({ id, object: 'response', deleted: true });
  };
}

/** `POST /v1/responses/{id}/cancel`: one that has ended already is answered as it is. */
export function cancelResponse({ book, background }: ResponseParts) {
  return async (c: IdContext): Promise<Response> => {
    const id = c.req.param('id');
    const { response: found } = await book.get(id, c.var.caller.keyId);
    if (found['background'] !== true) {
      throw new RunError('invalid-request', 'Only a background response can be cancelled.', {
        param: 'response_id',
      });
    }
    await background.end(id, toCancelled());
    const { response } = await book.get(id, c.var.caller.keyId);
    return c.json(response);
  };
}

function toCancelled() {
  return new RunError('cancelled', 'The response was cancelled.');
}
