import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources';
import type { Message, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources';

import type { UpstreamRequest } from '../../src/demo/model-server.ts';
import { readSse, type Sse } from '../support/read-sse.ts';
import type { Proxy } from '../support/start-proxy.ts';

/** What is asked, in no dialect's words. */
export type Asked = {
  messages: readonly { role: 'user' | 'assistant'; content: string }[];
  system?: string;
  model?: string;
  stream?: boolean;
};

/** What came back, in no dialect's words, but for the reason. */
export type Said = { text: string; thoughts: string; reason: string | null };

export type ChatDialect = {
  name: string;
  path: string;
  toBody: (asked: Asked) => object;
  readWhole: (body: unknown) => Said;
  readStream: (messages: readonly Sse[]) => Said;
  /** The visible text that one message of a stream adds. */
  readText: (message: Sse) => string;
};

const openaiChat: ChatDialect = {
  name: 'openai-chat',
  path: '/v1/chat/completions',
  toBody: ({ messages, system, model = 'sonnet', stream = false }) => ({
    model,
    stream,
    messages: [...(system === undefined ? [] : [{ role: 'system', content: system }]), ...messages],
  }),
  readWhole(body) {
    const [choice] = (body as ChatCompletion).choices;
    return {
      text: choice?.message.content ?? '',
      thoughts: readThoughts(choice?.message),
      reason: choice?.finish_reason ?? null,
    };
  },
  readStream: (messages) => ({
    text: messages.map(openaiChat.readText).join(''),
    thoughts: messages.map((message) => readThoughts(readDelta(message)?.delta)).join(''),
    reason: messages.map((message) => readDelta(message)?.finish_reason).find(Boolean) ?? null,
  }),
  readText: (message) => readDelta(message)?.delta.content ?? '',
};

const anthropicMessages: ChatDialect = {
  name: 'anthropic-messages',
  path: '/v1/messages',
  toBody: ({ messages, system, model = 'sonnet', stream = false }) => ({
    model,
    stream,
    max_tokens: 1000,
    messages,
    ...(system !== undefined && { system }),
  }),
  readWhole(body) {
    const { content, stop_reason: reason } = body as Message;
    return {
      text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
      thoughts: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
      reason,
    };
  },
  readStream(messages) {
    const events = messages.map(readEvent);
    const thoughts = events.map((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'thinking_delta'
        ? event.delta.thinking
        : '',
    );
    const end = events.find((event) => event.type === 'message_delta');
    return {
      text: messages.map(anthropicMessages.readText).join(''),
      thoughts: thoughts.join(''),
      reason: end?.delta.stop_reason ?? null,
    };
  },
  readText(message) {
    const event = readEvent(message);
    return event.type === 'content_block_delta' && event.delta.type === 'text_delta'
      ? event.delta.text
      : '';
  },
};

/** What holds for one API that gives a model must hold for every one. */
export const CHAT_DIALECTS = [openaiChat, anthropicMessages];

/** Asks and reads the answer to its end. Throws for anything but a 200. */
export async function ask(proxy: Proxy, dialect: ChatDialect, asked: Asked): Promise<Said> {
  const response = await proxy.send(dialect.path, dialect.toBody(asked));
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return asked.stream
    ? dialect.readStream(await Array.fromAsync(readSse(response)))
    : dialect.readWhole(await response.json());
}

/** What arrived upstream, without the messages that the CLI adds. */
export function toSpoken({ body }: UpstreamRequest) {
  return body.messages.filter(({ role }) => role !== 'system');
}

function readDelta({ data }: Sse) {
  return data === '[DONE]' ? undefined : (JSON.parse(data) as ChatCompletionChunk).choices[0];
}

/** A field that others hand out too, but OpenAI's types do not know. */
function readThoughts(holder: { reasoning_content?: string } | object | undefined) {
  return holder && 'reasoning_content' in holder ? (holder.reasoning_content ?? '') : '';
}

function readEvent({ data }: Sse) {
  return JSON.parse(data) as RawMessageStreamEvent;
}
