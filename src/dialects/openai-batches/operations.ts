import { ANY, type OperationOf, type Schemas, WITH_BODY } from '../operation.ts';
import { openaiFailures } from '../shared/openai-failures.ts';
import { openaiTag } from '../shared/openai-tag.ts';
import {
  DeletedFile,
  OpenaiBatch,
  OpenaiBatches,
  OpenaiFile,
  OpenaiFiles,
} from './answer-schemas.ts';
import { BatchBody } from './body.ts';

/** What its operations name. */
export const schemas = {
  bodies: { BatchRequest: BatchBody },
  answers: { OpenaiBatch, OpenaiBatches, OpenaiFile, OpenaiFiles, DeletedFile },
} satisfies Schemas;

const shared = { tag: openaiTag, failures: openaiFailures } as const;
const ALLOWED = [...ANY, 'forbidden'] as const;
const listed = { ...shared, codes: [...ALLOWED, 'invalid-request'] } as const;
const stored = { ...shared, codes: [...ALLOWED, 'not-found'] } as const;

const page = { after: 'The id of the last one before the page.' } as const;

const files: readonly OperationOf<typeof schemas>[] = [
  {
    ...shared,
    id: 'uploadFile',
    method: 'post',
    path: '/v1/files',
    summary: 'Upload the requests of a batch',
    description:
      'A file of JSON lines, each with `custom_id`, `method` (`POST`), `url` (the endpoint of the batch) and `body`.',
    form: {
      file: 'The file.',
      purpose: '`batch`.',
      'expires_after[anchor]': '`created_at`.',
      'expires_after[seconds]': 'From an hour to 30 days; no later than BATCH_TTL_MS says.',
    },
    answer: 'OpenaiFile',
    codes: [...WITH_BODY, 'forbidden'],
  },
  {
    ...listed,
    id: 'listFiles',
    method: 'get',
    path: '/v1/files',
    summary: 'List the files',
    query: {
      ...page,
      limit: 'From 1 to 10000; 10000 by default.',
      order: '`asc` or `desc` (default: the newest first).',
      purpose: '`batch` or `batch_output`.',
    },
    answer: 'OpenaiFiles',
  },
  {
    ...stored,
    id: 'getFile',
    method: 'get',
    path: '/v1/files/{id}',
    summary: 'Read what a file is',
    answer: 'OpenaiFile',
  },
  {
    ...stored,
    id: 'readFile',
    method: 'get',
    path: '/v1/files/{id}/content',
    summary: 'Read a file',
    answer: { status: 200, description: 'Its JSON lines.', contentType: 'application/jsonl' },
  },
  {
    ...stored,
    id: 'deleteFile',
    method: 'delete',
    path: '/v1/files/{id}',
    summary: 'Delete a file',
    description: 'One that was made of a batch’s answers takes them with it.',
    answer: 'DeletedFile',
  },
];

const batches: readonly OperationOf<typeof schemas>[] = [
  {
    ...shared,
    id: 'createBatch',
    method: 'post',
    path: '/v1/batches',
    summary: 'Have the requests of a file answered in quiet moments',
    description: 'A line that is wrong makes the batch fail, and stands in `errors`.',
    body: {
      schema: 'BatchRequest',
      example: {
        input_file_id: 'file-0123456789abcdef',
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      },
    },
    answer: 'OpenaiBatch',
    codes: [...WITH_BODY, 'forbidden', 'not-found', 'queue-full'],
  },
  {
    ...listed,
    id: 'listBatches',
    method: 'get',
    path: '/v1/batches',
    summary: 'List the batches',
    query: { ...page, limit: 'From 1 to 100; 20 by default.' },
    answer: 'OpenaiBatches',
  },
  {
    ...stored,
    id: 'getBatch',
    method: 'get',
    path: '/v1/batches/{id}',
    summary: 'Read how a batch stands',
    answer: 'OpenaiBatch',
  },
  {
    ...stored,
    id: 'cancelBatch',
    method: 'post',
    path: '/v1/batches/{id}/cancel',
    summary: 'End a batch',
    description: 'What was answered stays; the rest stands in the file of errors.',
    answer: 'OpenaiBatch',
    codes: [...stored.codes, 'conflict'],
  },
];

/** Batches and their files, as OpenAI has them. */
export const operations: readonly OperationOf<typeof schemas>[] = [...files, ...batches];
