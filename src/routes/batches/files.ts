import type { Context } from 'hono';

import type { OpenedBatches } from '../../batches/open-batches.ts';
import { FileForm } from '../../dialects/openai-batches/body.ts';
import { toFile, toList } from '../../dialects/openai-batches/to-batch.ts';
import { checkValue } from '../../http/body/check-body.ts';
import { type ReadForm, readForm } from '../../http/body/read-form.ts';
import { countIfRefused } from '../../http/count-if-refused.ts';
import type { AppEnv } from '../../http/variables.ts';
import { RunError } from '../../run-error.ts';
import { readLimit } from '../read-number.ts';
import { sendLines } from './send-lines.ts';

type FileParts = { files: OpenedBatches['files']; maxFileBytes: number };

type IdContext = Context<AppEnv, '/:id'>;

/** What a form has beside the file. */
const FORM_BYTES = 65_536;

const MOST_LISTED = 10_000;

/** `POST /v1/files`: a form, read piece by piece. */
export function uploadFile({ files, maxFileBytes }: FileParts) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    const { keyId } = c.var.caller;
    return countIfRefused(c.var, async () => {
      const { fields, file } = await readForm(c, {
        take: (pieces) => files.receive(keyId, pieces),
        drop: files.drop,
        maxBytes: maxFileBytes + FORM_BYTES,
      });
      const form = await checkForm(c, fields).catch(async (error: unknown) => {
        await files.drop(file.kept);
        throw error;
      });
      const seconds = form['expires_after[seconds]'];
      const ttlMs = seconds === undefined ? undefined : seconds * 1000;
      const name = file.name || 'batch.jsonl';
      return c.json(toFile(await files.keep(file.kept, { keyId, name, ttlMs })));
    });
  };
}

async function checkForm(c: Context<AppEnv>, fields: ReadForm<unknown>['fields']) {
  await c.var.checkKeyAgain();
  return checkValue(FileForm, fields, 0);
}

/** `GET /v1/files`: the caller's own. */
export function listFiles({ files }: Pick<FileParts, 'files'>) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    const limit = readLimit(c.req.query('limit'), MOST_LISTED, MOST_LISTED);
    const { after, purpose, order = 'desc' } = c.req.query();
    if (order !== 'asc' && order !== 'desc') {
      throw new RunError('invalid-request', 'order must be asc or desc.', { param: 'order' });
    }
    const page = await files.list(c.var.caller.keyId, { after, purpose, order, limit: limit + 1 });
    return c.json(toList(page.slice(0, limit).map(toFile), page.length > limit));
  };
}

/** `GET /v1/files/{id}` */
export function getFile({ files }: Pick<FileParts, 'files'>) {
  return async (c: IdContext): Promise<Response> =>
    c.json(toFile(await files.get(c.req.param('id'), c.var.caller.keyId)));
}

/** `GET /v1/files/{id}/content`: line by line or piece by piece, never as a whole. */
export function readFile({ files }: Pick<FileParts, 'files'>) {
  return async (c: IdContext): Promise<Response> => {
    const id = c.req.param('id');
    const { bytes } = await files.get(id, c.var.caller.keyId);
    const lines = files.read(id, c.var.caller.keyId);
    return sendLines(c, lines, { contentType: 'application/jsonl', bytes });
  };
}

/** `DELETE /v1/files/{id}` */
export function deleteFile({ files }: Pick<FileParts, 'files'>) {
  return async (c: IdContext): Promise<Response> => {
    const id = c.req.param('id');
    await files.remove(id, c.var.caller.keyId);
    return c.json({ id, object: 'file', deleted: true });
  };
}
