import { z } from 'zod';

import { CountTokensBody, MessagesBody } from '../dialects/anthropic-messages/body.ts';
import { RunBody } from '../dialects/direct/body.ts';
import { ChatBody } from '../dialects/openai-chat/body.ts';
import { CompletionBody } from '../dialects/openai-completions/body.ts';
import { ResponsesBody } from '../dialects/openai-responses/body.ts';
import { KeyRules, NewKey, ShownKey } from '../keys/api-key.ts';
import * as admin from './answers/admin.ts';
import { AgentEvent, AgentRun } from '../dialects/direct/answer-schemas.ts';
import { ChatCompletion, ChatCompletionChunk } from '../dialects/openai-chat/answer-schemas.ts';
import { AnthropicFailure, DirectFailure, OpenaiFailure } from './answers/failure.ts';
import { Health, OpenapiDocument } from './answers/health.ts';
import { MessageEvent } from '../dialects/anthropic-messages/event-schema.ts';
import { Message, MessageTokens } from '../dialects/anthropic-messages/answer-schemas.ts';
import { Model, ModelList } from './answers/model.ts';
import { ResponseEvent } from '../dialects/openai-responses/event-schema.ts';
import * as responses from '../dialects/openai-responses/answer-schemas.ts';
import { DeletedSession, Session, SessionList, SessionMessages } from './answers/session.ts';
import { TextCompletion } from '../dialects/openai-completions/answer-schemas.ts';

/** The bodies of requests: the schemas that check them. */
const BODIES = {
  ChatCompletionRequest: ChatBody,
  CompletionRequest: CompletionBody,
  CountTokensRequest: CountTokensBody,
  KeyRules,
  MessageRequest: MessagesBody,
  NewKeyRequest: NewKey,
  ResponseRequest: ResponsesBody,
  RunRequest: RunBody,
};

/** The bodies of answers. */
const ANSWERS = {
  AddedKey: admin.AddedKey,
  AgentEvent,
  AgentRun,
  AnthropicFailure,
  ChatCompletion,
  ChatCompletionChunk,
  Compaction: responses.Compaction,
  DeletedResponse: responses.DeletedResponse,
  DeletedSession,
  DirectFailure,
  Health,
  History: admin.History,
  InputItems: responses.InputItems,
  Key: ShownKey,
  KeyList: admin.KeyList,
  Message,
  MessageEvent,
  MessageTokens,
  Model,
  ModelList,
  OpenaiFailure,
  OpenapiDocument,
  Readiness: admin.Readiness,
  Response: responses.Response,
  ResponseEvent,
  ResponseTokens: responses.ResponseTokens,
  RevokedKey: admin.RevokedKey,
  RunList: admin.RunList,
  ServerStatus: admin.ServerStatus,
  Session,
  SessionList,
  SessionMessages,
  StoppedRun: admin.StoppedRun,
  TextCompletion,
};

export type BodyName = keyof typeof BODIES;
export type AnswerName = keyof typeof ANSWERS;

/** All named schemas, as JSON Schema: what a request may be, and what an answer is. */
export function toSchemas(): Record<string, object> {
  return { ...toJsonSchemas(BODIES, 'input'), ...toJsonSchemas(ANSWERS, 'output') };
}

/** Points to a named schema of the document. */
export function toRef(name: BodyName | AnswerName) {
  return { $ref: toPointer(name) };
}

function toJsonSchemas(table: Record<string, z.ZodType>, io: 'input' | 'output') {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(table)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io, uri: toPointer });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      // Their place in the document names them already.
      const { $id: _id, $schema: _dialect, ...rest } = schema;
      return [name, rest];
    }),
  );
}

function toPointer(name: string) {
  return `#/components/schemas/${name}`;
}
