import { messagesApi } from './anthropic-messages/index.ts';
import type { Api } from './dialect.ts';
import { directApi } from './direct/index.ts';
import { ollamaApi } from './ollama/index.ts';
import { batchesApi } from './openai-batches/index.ts';
import { chatApi } from './openai-chat/index.ts';
import { completionsApi } from './openai-completions/index.ts';
import { responsesApi } from './openai-responses/index.ts';

/** Every API that is served. What the server knows of one it reads here. */
export const APIS: readonly Api[] = [
  chatApi,
  completionsApi,
  responsesApi,
  batchesApi,
  messagesApi,
  directApi,
  ollamaApi,
];
