import { toLangChain, toPython, toTypeScript } from '../shared/openai-code.ts';
import { toImageUrl, toReasoningEffort } from '../shared/openai-trial.ts';
import {
  CHAT_FIELDS,
  type ToCode,
  type Trial,
  type TrialMessage,
  type TrialRequest,
} from '../trial.ts';

const toCode: ToCode = (literals) => {
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

/** How chat completions are tried. */
export const trial: Trial = {
  name: 'openai-chat',
  title: 'OpenAI chat completions',
  path: '/v1/chat/completions',
  takes: [...CHAT_FIELDS, 'stop'],
  toBody,
  toCode,
};

function toBody(request: TrialRequest) {
  const { model, system, messages, tools, schema, isWhole } = request;
  return {
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      ...messages.map(toMessage),
    ],
    tools: tools?.map(({ name, description, inputSchema: parameters }) => ({
      type: 'function',
      function: { name, description, parameters },
    })),
    response_format: schema && { type: 'json_schema', json_schema: { name: 'answer', schema } },
    temperature: request.temperature,
    top_p: request.topP,
    max_completion_tokens: request.maxTokens,
    stop: request.stop,
    reasoning_effort: toReasoningEffort(request),
    stream: !isWhole,
    stream_options: isWhole ? undefined : { include_usage: true },
  };
}

function toMessage(message: TrialMessage) {
  switch (message.role) {
    case 'user': {
      const { role, text, images = [] } = message;
      if (images.length === 0) return { role, content: text };
      const parts = images.map((image) => ({
        type: 'image_url',
        image_url: { url: toImageUrl(image) },
      }));
      return { role, content: [{ type: 'text', text }, ...parts] };
    }
    case 'assistant': {
      const calls = message.calls?.map(({ id, name, input }) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(input) },
      }));
      return { role: message.role, content: message.text, tool_calls: calls };
    }
    case 'tool':
      return { role: message.role, tool_call_id: message.callId, content: message.text };
  }
}
