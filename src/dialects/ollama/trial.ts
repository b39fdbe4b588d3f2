import {
  type Code,
  type Literals,
  toPrompt,
  type Trial,
  type TrialField,
  type TrialMessage,
  type TrialRequest,
} from '../trial.ts';

/** A call of Ollama's clients, each with the words of its part. */
type Call = { name: 'chat' | 'generate'; python: string; typescript: string; words: string[] };

function toCode({ url, model }: Literals, { name, python, typescript, words }: Call) {
  return {
    python: `import os
from ollama import Client

client = Client(
    host=${url}, headers={"Authorization": "Bearer " + os.environ["PROXY_API_KEY"]}
)
for part in client.${name}(model=${model}, ${python}, stream=True):
    print(part${words.map((word) => `["${word}"]`).join('')}, end="", flush=True)`,
    typescript: `import { Ollama } from 'ollama';

const client = new Ollama({
  host: ${url},
  headers: { authorization: \`Bearer \${process.env.PROXY_API_KEY}\` },
});
const stream = await client.${name}({
  model: ${model},
  ${typescript},
  stream: true,
});
for await (const part of stream) process.stdout.write(part.${words.join('.')});`,
  };
}

function toLangChain({ url, model, prompt }: Literals, name: string, text: string) {
  return `import os
from langchain_ollama import ${name}

headers = {"Authorization": "Bearer " + os.environ["PROXY_API_KEY"]}
model = ${name}(model=${model}, base_url=${url}, client_kwargs={"headers": headers})
for chunk in model.stream(${prompt}):
    print(${text}, end="", flush=True)`;
}

function toChatCode(literals: Literals): Code {
  const { prompt } = literals;
  return {
    ...toCode(literals, {
      name: 'chat',
      python: `messages=[{"role": "user", "content": ${prompt}}]`,
      typescript: `messages: [{ role: 'user', content: ${prompt} }]`,
      words: ['message', 'content'],
    }),
    langchain: toLangChain(literals, 'ChatOllama', 'chunk.text'),
  };
}

function toGenerateCode(literals: Literals): Code {
  const { prompt } = literals;
  return {
    ...toCode(literals, {
      name: 'generate',
      python: `prompt=${prompt}`,
      typescript: `prompt: ${prompt}`,
      words: ['response'],
    }),
    langchain: toLangChain(literals, 'OllamaLLM', 'chunk'),
  };
}

const SHARED: readonly TrialField[] = [
  'images',
  'system',
  'schema',
  'temperature',
  'topP',
  'maxTokens',
  'stop',
  'thinking',
];

/** How Ollama's routes are tried. */
export const trials: readonly Trial[] = [
  {
    name: 'ollama-chat',
    title: 'Ollama chat',
    path: '/api/chat',
    takes: ['conversation', 'tools', ...SHARED],
    toBody: (request) => ({
      model: request.model,
      messages: [
        ...(request.system === undefined ? [] : [{ role: 'system', content: request.system }]),
        ...request.messages.map(toMessage),
      ],
      tools: request.tools?.map(({ name, description, inputSchema: parameters }) => ({
        type: 'function',
        function: { name, description, parameters },
      })),
      ...toShared(request),
    }),
    toCode: toChatCode,
  },
  {
    name: 'ollama-generate',
    title: 'Ollama generate',
    path: '/api/generate',
    takes: SHARED,
    toBody: (request) => ({
      model: request.model,
      prompt: toPrompt(request),
      system: request.system,
      images: toImages(request.messages.findLast(({ role }) => role === 'user')),
      ...toShared(request),
    }),
    toCode: toGenerateCode,
  },
];

function toShared(request: TrialRequest) {
  const { temperature, topP, maxTokens, stop, thinking } = request;
  const options = { temperature, top_p: topP, num_predict: maxTokens, stop };
  const hasOptions = Object.values(options).some((value) => value !== undefined);
  return {
    format: request.schema,
    options: hasOptions ? options : undefined,
    think: thinking && thinking === 'on',
    stream: !request.isWhole,
  };
}

function toMessage(message: TrialMessage) {
  const { role, text: content } = message;
  switch (message.role) {
    case 'user':
      return { role, content, images: toImages(message) };
    case 'assistant': {
      const calls = message.calls?.map(({ id, name, input }) => ({
        id,
        function: { name, arguments: input },
      }));
      return { role, content, tool_calls: calls };
    }
    case 'tool':
      return { role, content, tool_name: message.name, tool_call_id: message.callId };
  }
}

function toImages(message: TrialMessage | undefined) {
  if (message?.role !== 'user' || !message.images?.length) return undefined;
  return message.images.map(({ data }) => data);
}
