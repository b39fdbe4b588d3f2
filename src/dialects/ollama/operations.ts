import {
  ANY,
  type OperationOf,
  type Schemas,
  type Tag,
  WITH_BODY,
  WITH_RUN,
} from '../operation.ts';
import {
  OllamaChat,
  OllamaGenerate,
  OllamaModel,
  OllamaModels,
  OllamaVersion,
} from './answer-schemas.ts';
import { OllamaChatBody, OllamaGenerateBody, OllamaShowBody } from './body.ts';
import { ollamaFailures } from './failures.ts';
import { REFUSED } from './refused.ts';

/** What its operations name. */
export const schemas = {
  bodies: {
    OllamaChatRequest: OllamaChatBody,
    OllamaGenerateRequest: OllamaGenerateBody,
    OllamaShowRequest: OllamaShowBody,
  },
  answers: { OllamaChat, OllamaGenerate, OllamaModel, OllamaModels, OllamaVersion },
} satisfies Schemas;

const tag: Tag = { name: 'Ollama', description: 'What Ollama clients call.' };
const shared = { tag, failures: ollamaFailures } as const;
const read = { ...shared, method: 'get', codes: ANY } as const;
const listed = { ...read, codes: [...ANY, 'cli-failed', 'not-logged-in'] } as const;

const description =
  'The answer is streamed, one JSON text a line, unless `stream` is false. A failure in the middle is a last line with an OllamaFailure.';

/** Ollama's API. */
export const operations: readonly OperationOf<typeof schemas>[] = [
  {
    ...shared,
    id: 'ollamaChat',
    method: 'post',
    path: '/api/chat',
    summary: 'Answer a conversation',
    description,
    body: {
      schema: 'OllamaChatRequest',
      example: { model: 'sonnet', messages: [{ role: 'user', content: 'Say hello.' }] },
    },
    answer: 'OllamaChat',
    events: 'OllamaChat',
    lines: 'always',
    codes: WITH_RUN,
  },
  {
    ...shared,
    id: 'ollamaGenerate',
    method: 'post',
    path: '/api/generate',
    summary: 'Answer a prompt',
    description,
    body: { schema: 'OllamaGenerateRequest', example: { model: 'sonnet', prompt: 'Say hello.' } },
    answer: 'OllamaGenerate',
    events: 'OllamaGenerate',
    lines: 'always',
    codes: WITH_RUN,
  },
  {
    ...listed,
    id: 'ollamaTags',
    path: '/api/tags',
    summary: 'List the models',
    answer: 'OllamaModels',
  },
  {
    ...shared,
    id: 'ollamaShow',
    method: 'post',
    path: '/api/show',
    summary: 'Tell what a model can',
    body: { schema: 'OllamaShowRequest', example: { model: 'sonnet' } },
    answer: 'OllamaModel',
    codes: [...WITH_BODY, 'model-not-found', 'cli-failed', 'not-logged-in'],
  },
  {
    ...read,
    id: 'ollamaVersion',
    path: '/api/version',
    summary: 'Tell whose API this is',
    answer: 'OllamaVersion',
  },
  {
    ...read,
    id: 'ollamaRunning',
    path: '/api/ps',
    summary: 'List the loaded models: there are none',
    answer: 'OllamaModels',
  },
  ...REFUSED.map(({ id, method, path, sentence }) => ({
    ...shared,
    id,
    method: method === 'POST' ? ('post' as const) : ('delete' as const),
    path,
    summary: 'Not possible here',
    answer: { status: 400, description: sentence, contentType: 'application/json' },
    codes: ANY,
  })),
];
