import type { Message, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources';
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources';

import { readSse, type Sse } from '../support/read-sse.ts';

/** A tool as the caller declares it, in no dialect's words. */
export type GivenTool = { name: string; description?: string; schema?: Record<string, unknown> };

export type GivenChoice = 'auto' | 'none' | 'required' | { name: string };

/** A call as the caller got it; `pieces` counts the deltas of its arguments in a stream. */
type GotCall = { id: string; name: string; json: string; pieces: number };

type ResultContent =
  | string
  | readonly ({ text: string } | { image: string } | { document: string })[];

export type GivenResult = { id: string; content: ResultContent; isError?: boolean };

type GivenThinking = { type: 'thinking'; thinking: string; signature: string };

export type Turn =
  | { user: string }
  | { said: string }
  | { calls: readonly GivenCall[]; text?: string; thinking?: GivenThinking }
  | { results: readonly GivenResult[]; text?: string };

type GivenCall = Pick<GotCall, 'id' | 'name' | 'json'>;

export type ToolRequest = {
  turns: readonly Turn[];
  tools?: readonly GivenTool[];
  model?: string;
  system?: string;
  stream?: boolean;
  choice?: GivenChoice;
  isSingle?: boolean;
  user?: string;
  /** Fields of the dialect itself. */
  more?: Record<string, unknown>;
};

export type ToolAnswer = { text: string; calls: GotCall[]; reason: string | null };

export type ToolDialect = {
  name: string;
  path: string;
  /** How the dialect says that it ended with calls, and that it just ended. */
  reasons: { calls: string; stop: string };
  /** Turns thinking on. */
  thinking: Record<string, unknown>;
  toBody(request: ToolRequest): Record<string, unknown>;
  readWhole(body: unknown): ToolAnswer;
  readStream(messages: readonly Sse[]): ToolAnswer;
};

const EMPTY_SCHEMA = { type: 'object', properties: {} };

export const openaiChat: ToolDialect = {
  name: 'openai-chat',
  path: '/v1/chat/completions',
  reasons: { calls: 'tool_calls', stop: 'stop' },
  thinking: { reasoning_effort: 'low' },
  toBody: ({ turns, tools = [], model = 'sonnet', system, stream = false, ...request }) => ({
    model,
    stream,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      ...turns.flatMap(toOpenaiMessages),
    ],
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, schema = EMPTY_SCHEMA }) => ({
        type: 'function',
        function: { name, description, parameters: schema },
      })),
    }),
    ...(request.choice && {
      tool_choice:
        typeof request.choice === 'string'
          ? request.choice
          : { type: 'function', function: request.choice },
    }),
    ...(request.isSingle && { parallel_tool_calls: false }),
    ...(request.user !== undefined && { user: request.user }),
    ...request.more,
  }),
  readWhole(body) {
    const [choice] = (body as ChatCompletion).choices; // a 200 of this route
    const calls = (choice?.message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function' ? [{ id: call.id, ...toCall(call.function) }] : [],
    );
    return {
      text: choice?.message.content ?? '',
      calls,
      reason: choice?.finish_reason ?? null,
    };
  },
  readStream(messages) {
    const answer: ToolAnswer = { text: '', calls: [], reason: null };
    for (const { data } of messages) {
      if (data === '[DONE]') continue;
      const [choice] = (JSON.parse(data) as ChatCompletionChunk).choices; // as above
      answer.text += choice?.delta.content ?? '';
      answer.reason ??= choice?.finish_reason ?? null;
      for (const { index, id, function: part } of choice?.delta.tool_calls ?? []) {
        const call = (answer.calls[index] ??= { id: '', name: '', json: '', pieces: 0 });
        call.id += id ?? '';
        call.name += part?.name ?? '';
        if (part?.arguments) call.pieces += 1;
        call.json += part?.arguments ?? '';
      }
    }
    return answer;
  },
};

export const anthropicMessages: ToolDialect = {
  name: 'anthropic-messages',
  path: '/v1/messages',
  reasons: { calls: 'tool_use', stop: 'end_turn' },
  thinking: { thinking: { type: 'adaptive' } },
  toBody: ({ turns, tools = [], model = 'sonnet', system, stream = false, ...request }) => ({
    model,
    stream,
    max_tokens: 1000,
    messages: turns.map(toAnthropicMessage),
    ...(system !== undefined && { system }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, schema = EMPTY_SCHEMA }) => ({
        name,
        description,
        input_schema: schema,
      })),
    }),
    ...((request.choice ?? request.isSingle) && {
      tool_choice: {
        ...toAnthropicChoice(request.choice),
        ...(request.isSingle && { disable_parallel_tool_use: true }),
      },
    }),
    ...(request.user !== undefined && { metadata: { user_id: request.user } }),
    ...request.more,
  }),
  readWhole(body) {
    const { content, stop_reason: reason } = body as Message; // a 200 of this route
    return {
      text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
      calls: content.flatMap((block) =>
        block.type === 'tool_use'
          ? [{ id: block.id, ...toCall({ name: block.name, arguments: toJson(block.input) }) }]
          : [],
      ),
      reason,
    };
  },
  readStream(messages) {
    const answer: ToolAnswer = { text: '', calls: [], reason: null };
    for (const { data } of messages) {
      const event = JSON.parse(data) as RawMessageStreamEvent; // as above
      if (event.type === 'content_block_start' && event.content_block.type === 'tool_use') {
        const { id, name } = event.content_block;
        answer.calls.push({ id, name, json: '', pieces: 0 });
      }
      if (event.type === 'content_block_delta') {
        const call = answer.calls.at(-1);
        if (event.delta.type === 'text_delta') answer.text += event.delta.text;
        if (event.delta.type === 'input_json_delta' && call) {
          call.json += event.delta.partial_json;
          if (event.delta.partial_json !== '') call.pieces += 1;
        }
      }
      if (event.type === 'message_delta') answer.reason = event.delta.stop_reason;
    }
    return answer;
  },
};

/** What holds for one API must hold for the other. */
export const TOOL_DIALECTS = [openaiChat, anthropicMessages];

/** Every dialect, whole and streamed. */
export const WAYS = TOOL_DIALECTS.flatMap((dialect) => [
  { name: `${dialect.name}, whole`, dialect, stream: false },
  { name: `${dialect.name}, streamed`, dialect, stream: true },
]);

/** Something to ask: a proxy, or another program that serves. */
export type Sender = { send(path: string, body: unknown, init?: RequestInit): Promise<Response> };

/** Asks and reads the answer to its end. Throws for anything but a 200. */
export async function ask(
  proxy: Sender,
  dialect: ToolDialect,
  request: ToolRequest,
  init?: RequestInit,
): Promise<ToolAnswer & { headers: Headers }> {
  const response = await proxy.send(dialect.path, dialect.toBody(request), init);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const answer = request.stream
    ? dialect.readStream(await Array.fromAsync(readSse(response)))
    : dialect.readWhole(await response.json());
  return { ...answer, headers: response.headers };
}

function toOpenaiMessages(turn: Turn): object[] {
  if ('user' in turn) return [{ role: 'user', content: turn.user }];
  if ('said' in turn) return [{ role: 'assistant', content: turn.said }];
  if ('calls' in turn) {
    const calls = turn.calls.map(({ id, name, json }) => ({
      id,
      type: 'function',
      function: { name, arguments: json },
    }));
    return [{ role: 'assistant', content: turn.text ?? null, tool_calls: calls }];
  }
  return [
    ...turn.results.map(({ id, content }) => ({
      role: 'tool',
      tool_call_id: id,
      content: toOpenaiContent(content),
    })),
    ...(turn.text === undefined ? [] : [{ role: 'user', content: turn.text }]),
  ];
}

/** OpenAI's results are text only. */
function toOpenaiContent(content: ResultContent) {
  if (typeof content === 'string') return content;
  return content.map((part) => ({ type: 'text', text: 'text' in part ? part.text : '' }));
}

function toAnthropicMessage(turn: Turn): object {
  if ('user' in turn) return { role: 'user', content: turn.user };
  if ('said' in turn) return { role: 'assistant', content: turn.said };
  if ('calls' in turn) {
    const calls = turn.calls.map(({ id, name, json }) => ({
      type: 'tool_use',
      id,
      name,
      input: JSON.parse(json || '{}') as unknown,
    }));
    const thinking = turn.thinking ? [turn.thinking] : [];
    return { role: 'assistant', content: [...thinking, ...toTextBlocks(turn.text), ...calls] };
  }
  const results = turn.results.map(({ id, content, isError }) => ({
    type: 'tool_result',
    tool_use_id: id,
    content: typeof content === 'string' ? content : content.map(toAnthropicBlock),
    ...(isError && { is_error: true }),
  }));
  return { role: 'user', content: [...results, ...toTextBlocks(turn.text)] };
}

function toAnthropicBlock(part: Exclude<ResultContent, string>[number]): object {
  if ('text' in part) return { type: 'text', text: part.text };
  if ('image' in part) return { type: 'image', source: toSource('image/png', part.image) };
  return { type: 'document', source: toSource('application/pdf', part.document) };
}

function toSource(mediaType: string, data: string) {
  return { type: 'base64', media_type: mediaType, data };
}

function toTextBlocks(text: string | undefined) {
  return text === undefined || text === '' ? [] : [{ type: 'text', text }];
}

function toAnthropicChoice(choice: GivenChoice = 'auto') {
  if (typeof choice !== 'string') return { type: 'tool', ...choice };
  return { type: choice === 'required' ? 'any' : choice };
}

function toCall({ name, arguments: json }: { name: string; arguments: string }) {
  return { name, json, pieces: 1 };
}

function toJson(input: unknown) {
  return JSON.stringify(input);
}
