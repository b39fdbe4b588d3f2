import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { ChatOllama } from '@langchain/ollama';
import { ChatOpenAI } from '@langchain/openai';
import * as agents from '@openai/agents';
import { generateText, type LanguageModel, stepCountIs, streamText, tool } from 'ai';
import * as langchain from 'langchain';
import { type Message, Ollama } from 'ollama';
import OpenAI from 'openai';
import { zodFunction } from 'openai/helpers/zod';
import { z } from 'zod';

import { KEY } from '../support/start-proxy.ts';
import type { ChatClient, Turn } from './chat-client.ts';

/** The address with `/v1`, and what carries the requests there. */
export type Reach = { baseURL: string; fetch: typeof fetch };

export type ToolClient = ChatClient & {
  /** Asks for the weather with a tool that runs here: the model's last words, behind the result. */
  askWithTool: (run: (city: string) => string) => Promise<string>;
};

const MODEL = 'sonnet';
const QUESTION = 'How is the weather?';
const City = z.object({ city: z.string() });
const WEATHER = { name: 'weather', description: 'Tells the weather.' };

/** Each client by its package and, where it speaks several, its API. */
export const CLIENTS: Readonly<Record<string, (reach: Reach) => ToolClient>> = {
  openai: connectOpenai,
  'openai, responses': connectResponses,
  '@anthropic-ai/sdk': connectAnthropic,
  ollama: connectOllama,
  '@langchain/openai': ({ baseURL, fetch }) =>
    connectLangchain(
      new ChatOpenAI({ model: MODEL, apiKey: KEY, configuration: { baseURL, fetch } }),
    ),
  '@langchain/openai, responses': ({ baseURL, fetch }) =>
    connectLangchain(
      new ChatOpenAI({
        model: MODEL,
        apiKey: KEY,
        useResponsesApi: true,
        configuration: { baseURL, fetch },
      }),
    ),
  '@langchain/anthropic': ({ baseURL, fetch }) =>
    connectLangchain(
      new ChatAnthropic({
        model: MODEL,
        apiKey: KEY,
        anthropicApiUrl: toRoot(baseURL),
        clientOptions: { fetch },
      }),
    ),
  '@langchain/ollama': ({ baseURL, fetch }) =>
    connectLangchain(
      new ChatOllama({
        model: MODEL,
        baseUrl: toRoot(baseURL),
        fetch,
        headers: { authorization: `Bearer ${KEY}` },
      }),
    ),
  '@ai-sdk/openai': (reach) => connectAiSdk(createOpenAI({ apiKey: KEY, ...reach }).chat(MODEL)),
  '@ai-sdk/openai, responses': (reach) =>
    connectAiSdk(createOpenAI({ apiKey: KEY, ...reach })(MODEL)),
  '@ai-sdk/openai-compatible': (reach) =>
    connectAiSdk(createOpenAICompatible({ name: 'proxy', apiKey: KEY, ...reach }).chatModel(MODEL)),
  '@ai-sdk/anthropic': (reach) => connectAiSdk(createAnthropic({ apiKey: KEY, ...reach })(MODEL)),
  '@openai/agents': (reach) => connectAgents(reach, false),
  '@openai/agents, responses': (reach) => connectAgents(reach, true),
};

/** These write the version into the path themselves, or have none. */
function toRoot(baseURL: string) {
  return baseURL.replace(/\/v1$/, '');
}

function toOpenai(reach: Reach) {
  return new OpenAI({ apiKey: KEY, maxRetries: 0, ...reach });
}

function connectOpenai(reach: Reach): ToolClient {
  const { completions } = toOpenai(reach).chat;
  return {
    async askWhole(messages) {
      const { choices } = await completions.create({ model: MODEL, messages });
      return choices[0]?.message.content ?? '';
    },
    async *askStreamed(messages, signal) {
      const params = { model: MODEL, messages, stream: true } as const;
      for await (const { choices } of await completions.create(params, { signal }))
        yield choices[0]?.delta.content ?? '';
    },
    async askWithTool(run) {
      const given = zodFunction({
        name: WEATHER.name,
        parameters: City,
        function: ({ city }) => run(city),
      });
      const messages = [{ role: 'user' as const, content: QUESTION }];
      const runner = completions.runTools({ model: MODEL, messages, tools: [given], stream: true });
      return (await runner.finalContent()) ?? '';
    },
  };
}

function connectResponses(reach: Reach): ToolClient {
  const { responses } = toOpenai(reach);
  const parameters = z.toJSONSchema(City);
  const tools = [{ ...WEATHER, type: 'function' as const, parameters, strict: true }];
  return {
    askWhole: async (input) => (await responses.create({ model: MODEL, input })).output_text,
    async *askStreamed(input, signal) {
      const params = { model: MODEL, input, stream: true } as const;
      for await (const event of await responses.create(params, { signal }))
        if (event.type === 'response.output_text.delta') yield event.delta;
    },
    async askWithTool(run) {
      const params = { model: MODEL, tools };
      const { id, output } = await responses.stream({ ...params, input: QUESTION }).finalResponse();
      const input = output.flatMap((item) => {
        if (item.type !== 'function_call') return [];
        const { city } = City.parse(JSON.parse(item.arguments));
        const { call_id } = item;
        return [{ type: 'function_call_output' as const, call_id, output: run(city) }];
      });
      const last = { ...params, input, previous_response_id: id };
      return (await responses.stream(last).finalResponse()).output_text;
    },
  };
}

function connectAnthropic({ baseURL, fetch }: Reach): ToolClient {
  const client = new Anthropic({ apiKey: KEY, maxRetries: 0, baseURL: toRoot(baseURL), fetch });
  const params = { model: MODEL, max_tokens: 1000 };
  return {
    async askWhole(messages) {
      return toText(await client.messages.create({ ...params, messages }));
    },
    async *askStreamed(messages, signal) {
      const streamed = { ...params, messages, stream: true } as const;
      for await (const event of await client.messages.create(streamed, { signal }))
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
          yield event.delta.text;
    },
    async askWithTool(run) {
      const given = betaZodTool({ ...WEATHER, inputSchema: City, run: ({ city }) => run(city) });
      const messages = [{ role: 'user' as const, content: QUESTION }];
      return toText(
        await client.beta.messages.toolRunner({
          ...params,
          messages,
          tools: [given],
          stream: true,
        }),
      );
    },
  };
}

function toText({ content }: { content: readonly { type: string; text?: string }[] }) {
  return content.map(({ text = '' }) => text).join('');
}

function connectOllama({ baseURL, fetch }: Reach): ToolClient {
  const headers = { authorization: `Bearer ${KEY}` };
  const toClient = () => new Ollama({ host: toRoot(baseURL), fetch, headers });
  const tools = [{ type: 'function', function: { ...WEATHER, parameters: {} } }];
  return {
    async askWhole(messages) {
      return (await toClient().chat({ model: MODEL, messages })).message.content;
    },
    async *askStreamed(messages, signal) {
      const client = toClient(); // its abort() ends all that it streams
      signal.addEventListener('abort', () => client.abort(), { once: true });
      for await (const { message } of await client.chat({ model: MODEL, messages, stream: true }))
        yield message.content;
    },
    async askWithTool(run) {
      const messages: Message[] = [{ role: 'user', content: QUESTION }];
      const { message } = await toClient().chat({ model: MODEL, messages, tools });
      const results = (message.tool_calls ?? []).map(
        ({ function: { name, arguments: input } }) => ({
          role: 'tool',
          tool_name: name,
          content: run(City.parse(input).city),
        }),
      );
      const all = [...messages, message, ...results];
      return (await toClient().chat({ model: MODEL, messages: all, tools })).message.content;
    },
  };
}

function connectLangchain(model: BaseChatModel): ToolClient {
  return {
    askWhole: async (turns) => (await model.invoke(turns.map(toMessage))).text,
    async *askStreamed(turns, signal) {
      for await (const { text } of await model.stream(turns.map(toMessage), { signal })) yield text;
    },
    async askWithTool(run) {
      const given = langchain.tool(({ city }) => run(city), { ...WEATHER, schema: City });
      const agent = langchain.createAgent({ model, tools: [given] });
      const { messages } = await agent.invoke({ messages: [new HumanMessage(QUESTION)] });
      return messages.at(-1)?.text ?? '';
    },
  };
}

function toMessage({ role, content }: Turn): AIMessage | HumanMessage {
  return role === 'user' ? new HumanMessage(content) : new AIMessage(content);
}

/** Its advice about each model that it does not know would hide what a run of the tests says. */
globalThis.AI_SDK_LOG_WARNINGS = false;

function connectAiSdk(model: LanguageModel): ToolClient {
  const options = { model, maxRetries: 0, maxOutputTokens: 1000 };
  return {
    askWhole: async (messages) => (await generateText({ ...options, messages })).text,
    askStreamed: (messages, abortSignal) =>
      streamText({ ...options, messages, abortSignal }).textStream,
    async askWithTool(run) {
      const weather = tool({
        description: WEATHER.description,
        inputSchema: City,
        execute: async ({ city }) => run(city),
      });
      const stopWhen = stepCountIs(3);
      return streamText({ ...options, prompt: QUESTION, tools: { weather }, stopWhen }).text;
    },
  };
}

function connectAgents(reach: Reach, useResponses: boolean): ToolClient {
  const runner = new agents.Runner({
    modelProvider: new agents.OpenAIProvider({ openAIClient: toOpenai(reach), useResponses }),
    tracingDisabled: true,
  });
  const plain = new agents.Agent({ name: 'Ada', model: MODEL });
  return {
    askWhole: async (turns) => String((await runner.run(plain, turns.map(toItem))).finalOutput),
    async *askStreamed(turns, signal) {
      const result = await runner.run(plain, turns.map(toItem), { stream: true, signal });
      yield* result.toTextStream();
    },
    async askWithTool(run) {
      const given = agents.tool({
        ...WEATHER,
        parameters: City,
        execute: async ({ city }) => run(city),
      });
      const able = new agents.Agent({ name: 'Ada', model: MODEL, tools: [given] });
      const result = await runner.run(able, QUESTION, { stream: true });
      await result.completed;
      return String(result.finalOutput);
    },
  };
}

function toItem({ role, content }: Turn) {
  return role === 'user' ? agents.user(content) : agents.assistant(content);
}
