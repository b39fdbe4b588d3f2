import { toLangChain, toPython, toTypeScript } from '../shared/openai-code.ts';
import { type ToCode, toPrompt, type Trial } from '../trial.ts';

const toCode: ToCode = (literals) => {
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

/** How completions are tried. */
export const trial: Trial = {
  name: 'openai-completions',
  title: 'OpenAI completions',
  path: '/v1/completions',
  takes: ['temperature', 'topP', 'maxTokens', 'stop'],
  toBody: (request) => ({
    model: request.model,
    prompt: toPrompt(request),
    max_tokens: request.maxTokens ?? 1000,
    temperature: request.temperature,
    top_p: request.topP,
    stop: request.stop,
    stream: !request.isWhole,
    stream_options: request.isWhole ? undefined : { include_usage: true },
  }),
  toCode,
};
