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

/** How responses are tried. */
export const trial: Trial = {
  name: 'openai-responses',
  title: 'OpenAI responses',
  path: '/v1/responses',
  takes: CHAT_FIELDS,
  toBody,
  toCode,
};

function toBody(request: TrialRequest) {
  const { model, system, tools, schema, isWhole } = request;
  const effort = toReasoningEffort(request);
  return {
    model,
    instructions: system,
    input: toInput(request),
    tools: tools?.map(({ name, description, inputSchema: parameters }) => ({
      type: 'function',
      name,
      description,
      parameters,
    })),
    text: schema && { format: { type: 'json_schema', name: 'answer', schema } },
    temperature: request.temperature,
    top_p: request.topP,
    max_output_tokens: request.maxTokens,
    reasoning: effort && { effort, summary: 'auto' },
    stream: !isWhole,
  };
}

/** One text of the user's is the input itself. */
function toInput({ messages }: TrialRequest) {
  const [first, ...others] = messages;
  const isText = first?.role === 'user' && !first.images?.length && others.length === 0;
  return isText ? first.text : messages.flatMap(toItems);
}

function toItems(message: TrialMessage): object[] {
  switch (message.role) {
    case 'user': {
      const images = (message.images ?? []).map((image) => ({
        type: 'input_image',
        image_url: toImageUrl(image),
      }));
      const content = [{ type: 'input_text', text: message.text }, ...images];
      return [{ type: 'message', role: 'user', content }];
    }
    case 'assistant': {
      const content = [{ type: 'output_text', text: message.text }];
      const said = message.text === '' ? [] : [{ type: 'message', role: 'assistant', content }];
      const calls = (message.calls ?? []).map(({ id, name, input }) => ({
        type: 'function_call',
        call_id: id,
        name,
        arguments: JSON.stringify(input),
      }));
      return [...said, ...calls];
    }
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.callId, output: message.text }];
  }
}
