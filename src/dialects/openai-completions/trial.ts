import { DONE, toLangChain, toPython, toTypeScript } from '../shared/openai-code.ts';
import type { ToCode, Trial } from '../trial.ts';

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
  toBody: ({ model, prompt, isWhole }) => ({ model, prompt, max_tokens: 1000, stream: !isWhole }),
  reading: { whole: 'choices.0.text', event: { path: 'choices.0.text' }, end: DONE },
  toCode,
};
