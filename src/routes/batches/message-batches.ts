import type { Context } from 'hono';

import type { ItemOutcome } from '../../batch.ts';
import type { OpenedBatches } from '../../batches/open-batches.ts';
import type { MessageBatchBody } from '../../dialects/anthropic-messages/batch-body.ts';
import { anthropicMessages } from '../../dialects/anthropic-messages/index.ts';
import { toMessageBatch, toMessageBatches } from '../../dialects/anthropic-messages/to-batch.ts';
import { countIfRefused } from '../../http/count-if-refused.ts';
import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import { RunError } from '../../run-error.ts';
import { readLimit } from '../read-number.ts';
import { sendLines } from './send-lines.ts';

const DEFAULT_LIMIT = 20;
const MOST_LISTED = 1000;

const ALL: readonly ItemOutcome[] = ['succeeded', 'errored', 'cancelled', 'expired'];

type IdContext = Context<AppEnv, '/:id'>;

/** `POST /v1/messages/batches` */
export function createMessageBatch(batches: OpenedBatches) {
  return (c: Context<AppEnv, string, Validated<MessageBatchBody>>): Promise<Response> => {
    const { requests } = c.req.valid('json');
    return countIfRefused(c.var, async () => {
      const id = `msgbatch_${crypto.randomUUID().replaceAll('-', '')}`;
      const batch = { id, ...toOwner(c), endpoint: anthropicMessages.path, details: {} };
      return c.json(toMessageBatch(await batches.createWith(batch, toItems(requests))));
    });
  };
}

/** `GET /v1/messages/batches`: the caller's own, the newest first. */
export function listMessageBatches(batches: OpenedBatches) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    const limit = readLimit(c.req.query('limit'), DEFAULT_LIMIT, MOST_LISTED);
    const { after_id: after, before_id: before } = c.req.query();
    const page = await batches.list(toOwner(c), { after, before, limit: limit + 1 });
    // What is too much stands at the far end.
    const shown = before === undefined ? page.slice(0, limit) : page.slice(-limit);
    return c.json(toMessageBatches(shown, page.length > limit));
  };
}

/** `GET /v1/messages/batches/{id}` */
export function getMessageBatch(batches: OpenedBatches) {
  return async (c: IdContext): Promise<Response> =>
    c.json(toMessageBatch(await batches.get(c.req.param('id'), toOwner(c))));
}

/** `GET /v1/messages/batches/{id}/results`: line by line, never as a whole. */
export function readMessageResults(batches: OpenedBatches) {
  return async (c: IdContext): Promise<Response> => {
    const id = c.req.param('id');
    if ((await batches.get(id, toOwner(c))).endedAt === undefined) {
      throw new RunError('conflict', 'The batch goes on; its results stand when it has ended.');
    }
    const bytes = await batches.countBytes(id, ALL);
    const contentType = 'application/x-jsonl';
    return sendLines(c, batches.readLines(id, ALL), { contentType, bytes });
  };
}

/** `POST /v1/messages/batches/{id}/cancel` */
export function cancelMessageBatch(batches: OpenedBatches) {
  return async (c: IdContext): Promise<Response> =>
    c.json(toMessageBatch(await batches.cancel(c.req.param('id'), toOwner(c))));
}

/** `DELETE /v1/messages/batches/{id}` */
export function deleteMessageBatch(batches: OpenedBatches) {
  return async (c: IdContext): Promise<Response> => {
    const id = c.req.param('id');
    await batches.remove(id, toOwner(c));
    return c.json({ id, type: 'message_batch_deleted' });
  };
}

/** One by one: all at once would hold others up. */
function* toItems(requests: MessageBatchBody['requests']) {
  for (const { custom_id, params } of requests) {
    yield { customId: custom_id, body: JSON.stringify(params) };
  }
}

function toOwner(c: Context<AppEnv>) {
  return { keyId: c.var.caller.keyId, api: 'anthropic' } as const;
}
