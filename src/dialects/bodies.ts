import { MessageBatchBody } from './anthropic-messages/batch-body.ts';
import { CountTokensBody } from './anthropic-messages/body.ts';
import { anthropicMessages } from './anthropic-messages/index.ts';
import { direct } from './direct/index.ts';
import { OllamaChatBody, OllamaGenerateBody } from './ollama/body.ts';
import { BatchLine } from './openai-batches/body.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiCompletions } from './openai-completions/index.ts';
import { InputTokensBody } from './openai-responses/body.ts';
import { openaiResponses } from './openai-responses/index.ts';

/** Every dialect's body by a name, so that another thread can be told which one is meant. */
export const BODIES = {
  chat: openaiChat.body,
  completions: openaiCompletions.body,
  responses: openaiResponses.body,
  inputTokens: InputTokensBody,
  batchLine: BatchLine,
  messages: anthropicMessages.body,
  messageBatch: MessageBatchBody,
  countTokens: CountTokensBody,
  ollamaChat: OllamaChatBody,
  ollamaGenerate: OllamaGenerateBody,
  run: direct.body,
} as const;

export type BodyName = keyof typeof BODIES;
