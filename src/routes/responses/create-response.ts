import type { Context } from 'hono';

import type { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import { toErrorMessage } from '../../dialects/openai-responses/failures.ts';
import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import { toAnswer } from '../../dialects/openai-responses/to-answer.ts';
import {
  type NumberedEvent,
  toMessage,
  toNumberedEvents,
} from '../../dialects/openai-responses/to-messages.ts';
import type { Response as ResponseObject } from '../../dialects/openai-responses/to-response.ts';
import { countIfRefused } from '../../http/count-if-refused.ts';
import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import { collectRun } from '../../run-answer.ts';
import type { Run, RunRequest } from '../../run.ts';
import type { RunError } from '../../run-error.ts';
import { nameIgnored } from '../name-ignored.ts';
import { openRun } from '../open-run.ts';
import { releaseWhenAborted } from '../release-when-aborted.ts';
import { streamMessages } from '../stream-messages.ts';
import { followResponse } from './follow-response.ts';
import { openExchange, type OpenedExchange } from './open-exchange.ts';
import { recordEvents } from './record-events.ts';
import type { ResponseParts } from './response-parts.ts';
import { startInBackground } from './start-in-background.ts';

/** `POST /v1/responses`: whole, streamed, or in the background; kept unless `store` is false. */
export function createResponse(run: Run, parts: ResponseParts) {
  return async (c: Context<AppEnv, string, Validated<ResponsesBody>>): Promise<Response> => {
    const { keyId } = c.var.caller;
    const opened = await countIfRefused(c.var, () =>
      openExchange(c.req.valid('json'), c.var, (id) => parts.book.find(id, keyId)),
    );
    const { exchange, isStream, ignored } = opened;
    const { body, request } = exchange;

    if (body.background) {
      nameIgnored(c, openaiResponses, ignored, undefined);
      const response = await startInBackground(opened, run, parts);
      if (!isStream) return c.json(response);
      return streamMessages(c, openaiResponses, followResponse(parts, response.id, c.var, -1));
    }
    const asked: RunRequest = isStream ? request : { ...request, isWhole: true };
    const events = run(asked, c.var.signal);
    const keep = toKeep(opened, parts);
    if (!isStream) {
      const answer = await collectRun(events);
      nameIgnored(c, openaiResponses, ignored, answer.start);
      const response = toAnswer(answer, exchange);
      await keep(response);
      return c.json(response);
    }
    const started = await openRun(events, c.var.elapsedMs());
    nameIgnored(c, openaiResponses, ignored, started.start);
    const numbered = toNumberedEvents(started.events, exchange);
    const released = releaseWhenAborted(numbered, c.var.signal);
    return streamNumbered(c, recordEvents(released, keep));
  };
}

/** Keeps a response if its request wants that. */
function toKeep({ exchange, toStored }: OpenedExchange, { book }: ResponseParts) {
  return async (response: ResponseObject) => {
    if (exchange.body.store !== false) await book.save(toStored(response));
  };
}

/** Streams with a failure that is numbered as every other event. */
function streamNumbered(c: Context<AppEnv>, events: AsyncIterable<NumberedEvent>) {
  let next = 0;
  const toFailureMessage = (error: RunError) => toErrorMessage(error, next);
  const failures = { ...openaiResponses.failures, toFailureMessage };

  async function* toSent() {
    for await (const event of events) {
      next = event.sequence_number + 1;
      yield toMessage(event);
    }
  }
  return streamMessages(c, { ...openaiResponses, failures }, toSent());
}
