import type { Code, Literals, Trial } from '../trial.ts';

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

const end = { path: 'done', values: [true] };

/** How Ollama's routes are tried. */
export const trials: readonly Trial[] = [
  {
    name: 'ollama-chat',
    title: 'Ollama chat',
    path: '/api/chat',
    toBody: ({ model, prompt, isWhole }) => ({
      model,
      messages: [{ role: 'user', content: prompt }],
      stream: !isWhole,
    }),
    reading: { whole: 'message.content', event: { path: 'message.content' }, end },
    toCode: toChatCode,
  },
  {
    name: 'ollama-generate',
    title: 'Ollama generate',
    path: '/api/generate',
    toBody: ({ model, prompt, isWhole }) => ({ model, prompt, stream: !isWhole }),
    reading: { whole: 'response', event: { path: 'response' }, end },
    toCode: toGenerateCode,
  },
];
