import type { ToCode, Trial } from '../trial.ts';

const toCode: ToCode = ({ url, model, prompt }) => ({
  python: `import os
from anthropic import Anthropic

client = Anthropic(base_url=${url}, api_key=os.environ["PROXY_API_KEY"])
with client.messages.stream(
    model=${model}, max_tokens=1000, messages=[{"role": "user", "content": ${prompt}}]
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)`,
  typescript: `import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: ${url}, apiKey: process.env.PROXY_API_KEY });
const stream = client.messages.stream({
  model: ${model},
  max_tokens: 1000,
  messages: [{ role: 'user', content: ${prompt} }],
});
stream.on('text', (text) => process.stdout.write(text));
await stream.done();`,
  langchain: `import os
from langchain_anthropic import ChatAnthropic

model = ChatAnthropic(
    model=${model}, base_url=${url}, api_key=os.environ["PROXY_API_KEY"], max_tokens=1000
)
for chunk in model.stream(${prompt}):
    print(chunk.text, end="", flush=True)`,
});

/** How messages are tried. */
export const trial: Trial = {
  name: 'anthropic-messages',
  title: 'Anthropic messages',
  path: '/v1/messages',
  toBody: ({ model, prompt, isWhole }) => ({
    model,
    max_tokens: 1000,
    messages: [{ role: 'user', content: prompt }],
    stream: !isWhole,
  }),
  reading: {
    whole: 'content.*.text',
    event: { path: 'delta.text' },
    end: { path: 'type', values: ['message_stop'] },
  },
  toCode,
};
