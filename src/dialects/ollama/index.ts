import type { DroppableParam } from '../../run.ts';
import type { Api, Dialect } from '../dialect.ts';
import { OllamaChatBody, OllamaGenerateBody } from './body.ts';
import { catalogue } from './catalogue.ts';
import { ollamaFailures } from './failures.ts';
import { operations, schemas } from './operations.ts';
import { createToAnswer, createToMessages, type ToBody } from './to-answer.ts';
import { chatToRunRequest, generateToRunRequest } from './to-run-request.ts';
import { trials } from './trial.ts';

const paramNames = {
  temperature: 'options.temperature',
  topP: 'options.top_p',
  topK: 'options.top_k',
  effort: 'think',
  thinking: 'think',
  toolChoice: 'tools',
  serviceTier: 'service_tier',
} satisfies Record<DroppableParam, string>;

const toChatBody: ToBody = ({ text, thinking, calls }) => ({
  message: {
    role: 'assistant',
    content: text,
    ...(thinking !== '' && { thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  },
});

const toGenerateBody: ToBody = ({ text, thinking }) => ({
  response: text,
  ...(thinking !== '' && { thinking }),
});

/** `POST /api/chat` */
export const ollamaChat: Dialect<OllamaChatBody> = {
  name: 'ollama-chat',
  path: '/api/chat',
  body: OllamaChatBody,
  toRunRequest: chatToRunRequest,
  toAnswer: createToAnswer(toChatBody),
  toMessages: createToMessages(toChatBody),
  paramNames,
  failures: ollamaFailures,
  lines: 'always',
};

/** `POST /api/generate` */
export const ollamaGenerate: Dialect<OllamaGenerateBody> = {
  ...ollamaChat,
  name: 'ollama-generate',
  path: '/api/generate',
  body: OllamaGenerateBody,
  toRunRequest: generateToRunRequest,
  toAnswer: createToAnswer(toGenerateBody),
  toMessages: createToMessages(toGenerateBody),
};

const dialects = [ollamaChat, ollamaGenerate];

/** Ollama's API. Its clients cannot send a key. */
export const ollamaApi: Api = {
  paths: [...dialects, ...catalogue].map(({ path }) => path),
  failures: ollamaFailures,
  dialects,
  catalogue,
  sendsNoKey: true,
  trials,
  operations,
  schemas,
};
