import type { Context } from 'hono';

import type { OpenedBatches } from '../../batches/open-batches.ts';
import type { BatchBody } from '../../dialects/openai-batches/body.ts';
import { toBatch, toDetails, toList } from '../../dialects/openai-batches/to-batch.ts';
import { countIfRefused } from '../../http/count-if-refused.ts';
import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import { RunError } from '../../run-error.ts';
import { readLimit } from '../read-number.ts';

const DEFAULT_LIMIT = 20;
const MOST_LISTED = 100;

type IdContext = Context<AppEnv, '/:id'>;

/** `POST /v1/batches`: its file is read behind the answer. */
export function createBatch(batches: OpenedBatches) {
  return (c: Context<AppEnv, string, Validated<BatchBody>>): Promise<Response> => {
    const body = c.req.valid('json');
    return countIfRefused(c.var, async () => {
      const { purpose } = await batches.files.get(body.input_file_id, c.var.caller.keyId);
      if (purpose !== 'batch') throw refuseFile();
      const id = `batch_${crypto.randomUUID().replaceAll('-', '')}`;
      const batch = { id, ...toOwner(c), endpoint: body.endpoint, details: toDetails(body) };
      return c.json(toBatch(await batches.create(batch)));
    });
  };
}

/** `GET /v1/batches`: the caller's own, the newest first. */
export function listBatches(batches: OpenedBatches) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    const limit = readLimit(c.req.query('limit'), DEFAULT_LIMIT, MOST_LISTED);
    const page = await batches.list(toOwner(c), { after: c.req.query('after'), limit: limit + 1 });
    return c.json(toList(page.slice(0, limit).map(toBatch), page.length > limit));
  };
}

/** `GET /v1/batches/{id}` */
export function getBatch(batches: OpenedBatches) {
  return async (c: IdContext): Promise<Response> =>
    c.json(toBatch(await batches.get(c.req.param('id'), toOwner(c))));
}

/** `POST /v1/batches/{id}/cancel` */
export function cancelBatch(batches: OpenedBatches) {
  return async (c: IdContext): Promise<Response> =>
    c.json(toBatch(await batches.cancel(c.req.param('id'), toOwner(c))));
}

function toOwner(c: Context<AppEnv>) {
  return { keyId: c.var.caller.keyId, api: 'openai' } as const;
}

function refuseFile() {
  return new RunError('invalid-request', 'input_file_id: names the answers of a batch', {
    param: 'input_file_id',
  });
}
