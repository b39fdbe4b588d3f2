import type { Literals, ToCode } from './snippet.ts';

const toPython = ({ v1 }: Literals, call: string) => `import os
from openai import OpenAI

client = OpenAI(base_url=${v1}, api_key=os.environ["PROXY_API_KEY"])
${call}`;

const toTypeScript = ({ v1 }: Literals, call: string) => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: ${v1}, apiKey: process.env.PROXY_API_KEY });
${call}`;

const toLangChain = ({ v1, model, prompt }: Literals, name: string, more = '') => `import os
from langchain_openai import ${name}

model = ${name}(
    model=${model}, base_url=${v1}, api_key=os.environ["PROXY_API_KEY"]${more}
)
for chunk in model.stream(${prompt}):
    print(${name === 'OpenAI' ? 'chunk' : 'chunk.text'}, end="", flush=True)`;

export const chatCode: ToCode = (literals) => {
  const { model, prompt } = literals;
  return {
    python: toPython(
      literals,
      `stream = client.chat.completions.create(
    model=${model}, messages=[{"role": "user", "content": ${prompt}}], stream=True
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="", flush=True)`,
    ),
    typescript: toTypeScript(
      literals,
      `const stream = await client.chat.completions.create({
  model: ${model},
  messages: [{ role: 'user', content: ${prompt} }],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');`,
    ),
    langchain: toLangChain(literals, 'ChatOpenAI'),
  };
};

export const responsesCode: ToCode = (literals) => {
  const { model, prompt } = literals;
  return {
    python: toPython(
      literals,
      `stream = client.responses.create(model=${model}, input=${prompt}, stream=True)
for event in stream:
    if event.type == "response.output_text.delta":
        print(event.delta, end="", flush=True)`,
    ),
    typescript: toTypeScript(
      literals,
      `const stream = await client.responses.create({
  model: ${model},
  input: ${prompt},
  stream: true,
});
for await (const event of stream) {
  if (event.type === 'response.output_text.delta') process.stdout.write(event.delta);
}`,
    ),
    langchain: toLangChain(literals, 'ChatOpenAI', ', use_responses_api=True'),
  };
};

export const completionsCode: ToCode = (literals) => {
  const { model, prompt } = literals;
  return {
    python: toPython(
      literals,
      `stream = client.completions.create(
    model=${model}, prompt=${prompt}, max_tokens=1000, stream=True
)
for chunk in stream:
    print(chunk.choices[0].text, end="", flush=True)`,
    ),
    typescript: toTypeScript(
      literals,
      `const stream = await client.completions.create({
  model: ${model},
  prompt: ${prompt},
  max_tokens: 1000,
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.text ?? '');`,
    ),
    langchain: toLangChain(literals, 'OpenAI', ', max_tokens=1000'),
  };
};
