import { toLangChain, toPython, toTypeScript } from '../shared/openai-code.ts';
import type { ToCode, Trial } from '../trial.ts';

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
  toBody: ({ model, prompt, isWhole }) => ({ model, input: prompt, stream: !isWhole }),
  reading: {
    whole: 'output.*.content.*.text',
    event: { path: 'delta', type: 'response.output_text.delta' },
    end: { path: 'type', values: ['response.completed', 'response.incomplete'] },
  },
  toCode,
};
