import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { KEY } from '../support/start-proxy.ts';
import { installClient, installPackage, type Lab, openLab } from './clients.ts';

// What of each package the tests use: none is a dependency, so their own types are not here.

type Instructor = (options: { client: OpenAI; mode: string }) => {
  chat: { completions: { create: (request: object) => Promise<unknown> } };
};

type Agent = {
  generate: (prompt: string) => Promise<{ text: string }>;
  stream: (prompt: string) => Promise<{ textStream: AsyncIterable<string> }>;
};
type Mastra = { Agent: new (options: object) => Agent };

type LlamaOpenai = new (options: object) => {
  chat: (request: { messages: object[]; stream?: true }) => Promise<
    AsyncIterable<{ delta: string }> & {
      message: { content: string };
    }
  >;
  exec: (request: { messages: object[]; tools: object[] }) => Promise<{ newMessages: unknown }>;
};

const QUESTION = { role: 'user', content: 'How is the weather?' };
const CALL = { name: 'weather', input: { city: 'Paris' } };

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.stop());

describe('@instructor-ai/instructor', () => {
  let instructor: Instructor;
  // Its own; it reads the inner parts of a schema.
  let Person: unknown;
  beforeAll(async () => {
    const peers = ['openai@4', 'zod@3.25.76'];
    const file = await installPackage('@instructor-ai/instructor', 'dist/index.js', peers);
    ({ default: instructor } = (await import(file)) as { default: Instructor });
    const zod = join(file, '../../../../zod/index.js');
    const { z: z3 } = (await import(zod)) as { z: typeof z };
    Person = z3.object({ name: z3.string(), age: z3.number() });
  });

  test.each(['FUNCTIONS', 'TOOLS', 'JSON', 'MD_JSON', 'JSON_SCHEMA'])(
    'gives an object of a schema in its mode %s',
    async (mode) => {
      const said = { name: 'Ada', age: 36 };
      const text = JSON.stringify(said);
      lab.proxy.model.answer = ({ tools: [tool] = [] }) =>
        tool
          ? toolReply([{ name: tool.name, input: said }])
          : textReply(mode === 'MD_JSON' ? `\`\`\`json\n${text}\n\`\`\`` : text);
      const client = new OpenAI({ baseURL: `${lab.proxy.url}/v1`, apiKey: KEY });
      const person = await instructor({ client, mode }).chat.completions.create({
        model: 'sonnet',
        messages: [{ role: 'user', content: 'Who?' }],
        response_model: { schema: Person, name: 'Person' },
      });

      expect(person).toMatchObject(said);
    },
  );
});

test('@mastra/core: an agent calls its tool, whole and streamed', async () => {
  const file = await installPackage('@mastra/core', 'dist/agent/index.js');
  const { Agent } = (await import(file)) as Mastra;
  const weather = {
    id: 'weather',
    description: 'Tells the weather.',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }: { city: string }) => `Sunny in ${city}.`,
  };
  const agent = new Agent({
    id: 'ada',
    name: 'Ada',
    instructions: 'Be brief.',
    model: { id: 'proxy/sonnet', url: `${lab.proxy.url}/v1`, apiKey: KEY },
    tools: { weather },
  });

  lab.play([CALL]);
  expect((await agent.generate(QUESTION.content)).text).toBe('All done.');
  expect(lab.said()).toContain('Sunny in Paris.');

  lab.play([CALL]);
  const { textStream } = await agent.stream(QUESTION.content);
  expect((await Array.fromAsync(textStream)).join('')).toBe('All done.');
  expect(lab.said()).toContain('Sunny in Paris.');
});

test('@llamaindex/openai: a text, a stream and a tool', async () => {
  const file = await installPackage('@llamaindex/openai', 'dist/index.js', ['llamaindex@0.12.1']);
  const { OpenAI: LlamaOpenai } = (await import(file)) as { OpenAI: LlamaOpenai };
  const baseURL = `${lab.proxy.url}/v1`;
  const llm = new LlamaOpenai({ model: 'sonnet', apiKey: KEY, baseURL });
  const weather = {
    metadata: { name: 'weather', description: 'Tells the weather.', parameters: {} },
    call: ({ city }: { city: string }) => `Sunny in ${city}.`,
  };

  lab.play([]);
  expect((await llm.chat({ messages: [QUESTION] })).message.content).toBe('All done.');
  const pieces = await Array.fromAsync(await llm.chat({ messages: [QUESTION], stream: true }));
  expect(pieces.map(({ delta }) => delta).join('')).toBe('All done.');

  lab.play([CALL]);
  const { newMessages } = await llm.exec({ messages: [QUESTION], tools: [weather] });
  expect(JSON.stringify(newMessages)).toContain('Sunny in Paris.');
});

test('promptfoo: an evaluation over each of the APIs', async () => {
  const program = await installClient('promptfoo', 'promptfoo');
  const config = { apiBaseUrl: `${lab.proxy.url}/v1`, apiKeyEnvar: 'PROXY_API_KEY' };
  const anthropic = { apiBaseUrl: lab.proxy.url, apiKey: '{{env.PROXY_API_KEY}}' };
  await writeFile(
    join(lab.work, 'promptfooconfig.yaml'),
    JSON.stringify({
      prompts: ['Say {{word}}.'],
      providers: [
        { id: 'openai:chat:sonnet', config },
        { id: 'openai:responses:sonnet', config },
        { id: 'anthropic:messages:sonnet', config: anthropic },
      ],
      tests: [{ vars: { word: 'hello' }, assert: [{ type: 'contains', value: 'done' }] }],
    }),
  );
  lab.play([]);
  const printed = await lab.run(program, ['eval', '--no-cache', '--no-progress-bar'], {
    PROXY_API_KEY: KEY,
    PROMPTFOO_CONFIG_DIR: lab.home,
    PROMPTFOO_DISABLE_TELEMETRY: '1',
    PROMPTFOO_DISABLE_UPDATE: '1',
  });

  expect(printed).toMatch(/3 passed/);
});
