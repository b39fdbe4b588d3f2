import {
  CHAT_FIELDS,
  type ToCode,
  type Trial,
  type TrialMessage,
  type TrialRequest,
} from '../trial.ts';

/** The API wants a limit; this is one for who names none. */
const USUAL_MAX_TOKENS = 1000;

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
  takes: [...CHAT_FIELDS, 'stop'],
  toBody,
  toCode,
};

function toBody(request: TrialRequest) {
  const { model, system, messages, tools, schema, effort, isWhole } = request;
  const format = schema && { type: 'json_schema', schema };
  return {
    model,
    max_tokens: request.maxTokens ?? USUAL_MAX_TOKENS,
    system,
    messages: messages.map(toMessage),
    tools: tools?.map(({ name, description, inputSchema }) => ({
      name,
      description,
      input_schema: inputSchema,
    })),
    output_config: effort || format ? { effort, format } : undefined,
    temperature: request.temperature,
    top_p: request.topP,
    stop_sequences: request.stop,
    thinking: request.thinking && THINKING[request.thinking],
    stream: !isWhole,
  };
}

/** Without being asked for it, the API leaves the text of the thinking out. */
const THINKING = {
  on: { type: 'adaptive', display: 'summarized' },
  off: { type: 'disabled' },
} as const;

function toMessage(message: TrialMessage) {
  switch (message.role) {
    case 'user': {
      const { role, text, images = [] } = message;
      if (images.length === 0) return { role, content: text };
      const blocks = images.map(({ mediaType, data }) => ({
        type: 'image',
        source: { type: 'base64', media_type: mediaType, data },
      }));
      return { role, content: [...blocks, { type: 'text', text }] };
    }
    case 'assistant': {
      const { role, text, calls = [] } = message;
      if (calls.length === 0) return { role, content: text };
      const said = text === '' ? [] : [{ type: 'text', text }];
      const blocks = calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input }));
      return { role, content: [...said, ...blocks] };
    }
    case 'tool': {
      const { callId, text } = message;
      const content = [{ type: 'tool_result', tool_use_id: callId, content: text }];
      return { role: 'user', content };
    }
  }
}
