import type { Batch } from '../../batch.ts';
import type { AddItems, Attempt, BatchKinds } from '../../batches/batch-kind.ts';
import type { BatchItem } from '../../batches/batch-tables.ts';
import type { OpenedBatches } from '../../batches/open-batches.ts';
import { anthropicMessages } from '../../dialects/anthropic-messages/index.ts';
import * as messageLines from '../../dialects/anthropic-messages/to-batch.ts';
import type { Dialect, Failures } from '../../dialects/dialect.ts';
import { BatchLine } from '../../dialects/openai-batches/body.ts';
import { createLineCheck } from '../../dialects/openai-batches/check-line.ts';
import { type BatchEndpoint, isBatchEndpoint } from '../../dialects/openai-batches/endpoints.ts';
import type { BatchDetails } from '../../dialects/openai-batches/to-batch.ts';
import * as openaiLines from '../../dialects/openai-batches/to-line.ts';
import { openaiChat } from '../../dialects/openai-chat/index.ts';
import { openaiCompletions } from '../../dialects/openai-completions/index.ts';
import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import { checkBody } from '../../http/body/check-body.ts';
import { createRequestId } from '../../http/identify-request.ts';
import type { Run } from '../../run.ts';
import type { RunError } from '../../run-error.ts';
import type { ResponseParts } from '../responses/response-parts.ts';
import { type AnswerWhole, createAnswerResponse, createAnswerWhole } from './answer-whole.ts';
import { readLines } from './read-lines.ts';

export type KindParts = {
  /** The run that records what a dialect asks of it. */
  toRun: (dialect: Pick<Dialect<unknown>, 'name'>) => Run;
  responses: Pick<ResponseParts, 'book'>;
  files: Pick<OpenedBatches['files'], 'read'>;
  /** Longest line of a file, in characters. */
  maxLineLength: number;
};

/** What OpenAI's and Anthropic's batches have of their own. */
export function createBatchKinds(parts: KindParts): BatchKinds {
  const endpoints = toEndpoints(parts);
  const answerMessage = createAnswerWhole(anthropicMessages, parts.toRun(anthropicMessages));

  return {
    openai: {
      fill: (batch, add) => fillFromFile(batch, add, parts),
      begin: (batch, item) => beginOpenai(batch, item, endpoints),
      toUnanswered: ({ customId }, outcome) =>
        openaiLines.toUnansweredLine({ customId, requestId: createRequestId() }, outcome),
      hasFiles: true,
    },
    anthropic: {
      begin: (batch, item) => beginMessage(batch, item, answerMessage),
      toUnanswered: ({ customId }, outcome) => messageLines.toUnansweredLine(customId, outcome),
      hasFiles: false,
    },
  };
}

type Endpoints = Readonly<Record<BatchEndpoint, { answer: AnswerWhole; failures: Failures }>>;

function toEndpoints({ toRun, responses }: KindParts): Endpoints {
  const toEndpoint = <Body>(dialect: Dialect<Body>) => ({
    answer: createAnswerWhole(dialect, toRun(dialect)),
    failures: dialect.failures,
  });
  return {
    [openaiChat.path]: toEndpoint(openaiChat),
    [openaiCompletions.path]: toEndpoint(openaiCompletions),
    [openaiResponses.path]: {
      answer: createAnswerResponse(toRun(openaiResponses), responses),
      failures: openaiResponses.failures,
    },
  } as Endpoints; // the paths of these three, which the compiler knows as texts
}

function beginOpenai(batch: Batch, item: BatchItem, endpoints: Endpoints): Attempt {
  const { endpoint } = batch;
  if (!isBatchEndpoint(endpoint)) throw new TypeError('A batch of another API.');
  const { answer, failures } = endpoints[endpoint];
  const asked = toAsked(batch, item);
  const { requestId } = asked.caller;
  const named = { customId: item.customId, requestId };
  return {
    answer: async (signal) => ({
      outcome: 'succeeded',
      line: openaiLines.toAnsweredLine(named, 200, await answer({ ...asked, signal })),
    }),
    toFailed(error) {
      const { status, body } = failures.toFailure(error, requestId);
      return openaiLines.toAnsweredLine(named, status, body);
    },
  };
}

function beginMessage(batch: Batch, item: BatchItem, answer: AnswerWhole): Attempt {
  const asked = toAsked(batch, item);
  const { customId } = item;
  return {
    answer: async (signal) => ({
      outcome: 'succeeded',
      line: messageLines.toSucceededLine(customId, await answer({ ...asked, signal })),
    }),
    toFailed: (error: RunError) =>
      messageLines.toErroredLine(customId, error, asked.caller.requestId),
  };
}

function toAsked({ keyId }: Batch, { body }: BatchItem) {
  const caller = { keyId, user: undefined, requestId: createRequestId() };
  return { text: body, caller, arrivedAtMs: Date.now() };
}

/** Reads a file's lines into a batch; resolves with what is wrong with them. */
async function fillFromFile(batch: Batch, add: AddItems, { files, maxLineLength }: KindParts) {
  const { inputFileId } = batch.details as BatchDetails; // as the route kept them
  const check = createLineCheck(batch.endpoint);
  return readLines(files.read(inputFileId, batch.keyId), {
    maxLineLength,
    check: (text) => checkBody(BatchLine, text),
    find: check,
    take: (lines) =>
      add(
        lines.map(({ custom_id, body }) => ({ customId: custom_id, body: JSON.stringify(body) })),
      ),
  });
}
