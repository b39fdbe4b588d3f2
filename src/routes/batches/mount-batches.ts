import type { Hono } from 'hono';

import type { OpenedBatches } from '../../batches/open-batches.ts';
import { MessageBatchBody } from '../../dialects/anthropic-messages/batch-body.ts';
import { BATCHES_PATH } from '../../dialects/anthropic-messages/to-batch.ts';
import { BatchBody } from '../../dialects/openai-batches/body.ts';
import { validate } from '../../http/body/validate.ts';
import { requireScope } from '../../http/require-scope.ts';
import type { AppEnv } from '../../http/variables.ts';
import { toServedPaths } from '../served-paths.ts';
import { createBatchKinds, type KindParts } from './batch-kinds.ts';
import { deleteFile, getFile, listFiles, readFile, uploadFile } from './files.ts';
import {
  cancelMessageBatch,
  createMessageBatch,
  deleteMessageBatch,
  getMessageBatch,
  listMessageBatches,
  readMessageResults,
} from './message-batches.ts';
import { cancelBatch, createBatch, getBatch, listBatches } from './openai-batches.ts';

export type BatchRouteParts = Pick<KindParts, 'toRun' | 'responses'> & {
  batches: OpenedBatches;
  /** Resolves when the server is up: batches go on then. */
  started: Promise<void>;
  /** Largest body of a request, and line of a file, in bytes. */
  maxBodyBytes: number;
};

/** The route that takes files, which stands in front of the limit of all other bodies. */
export function mountUploads(
  app: Hono<AppEnv>,
  parts: { batches: OpenedBatches; maxFileBytes: number },
): void {
  const { batches, maxFileBytes } = parts;
  for (const path of ['/v1/files', '/v1/batches', BATCHES_PATH].flatMap(toServedPaths)) {
    app.on('ALL', `${path}/*`, requireScope('chat'));
  }
  app.on('POST', toServedPaths('/v1/files'), uploadFile({ files: batches.files, maxFileBytes }));
}

/** Every other route of batches and their files. */
export function mountBatches(app: Hono<AppEnv>, parts: BatchRouteParts): void {
  const { batches, started, maxBodyBytes } = parts;
  const { files } = batches;
  const kinds = createBatchKinds({ ...parts, files, maxLineLength: maxBodyBytes });
  void started.then(() => batches.start(kinds));

  for (const path of toServedPaths('/v1/files')) {
    app.get(path, listFiles({ files }));
    app.get(`${path}/:id`, getFile({ files }));
    app.get(`${path}/:id/content`, readFile({ files }));
    app.delete(`${path}/:id`, deleteFile({ files }));
  }
  for (const path of toServedPaths('/v1/batches')) {
    app.post(path, validate(BatchBody), createBatch(batches));
    app.get(path, listBatches(batches));
    app.get(`${path}/:id`, getBatch(batches));
    app.post(`${path}/:id/cancel`, cancelBatch(batches));
  }
  for (const path of toServedPaths(BATCHES_PATH)) {
    app.post(path, validate(MessageBatchBody), createMessageBatch(batches));
    app.get(path, listMessageBatches(batches));
    app.get(`${path}/:id`, getMessageBatch(batches));
    app.get(`${path}/:id/results`, readMessageResults(batches));
    app.post(`${path}/:id/cancel`, cancelMessageBatch(batches));
    app.delete(`${path}/:id`, deleteMessageBatch(batches));
  }
}
