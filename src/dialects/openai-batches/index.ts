import type { Api } from '../dialect.ts';
import { openaiFailures } from '../shared/openai-failures.ts';
import { operations, schemas } from './operations.ts';

/** OpenAI's batches and their files. They are kept, so their routes are mounted by themselves. */
export const batchesApi: Api = {
  paths: ['/v1/batches', '/v1/files'],
  failures: openaiFailures,
  dialects: [],
  trials: [],
  operations,
  schemas,
};
