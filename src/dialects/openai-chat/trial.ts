import { DONE, toLangChain, toPython, toTypeScript } from '../shared/openai-code.ts';
import type { ToCode, Trial } from '../trial.ts';

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
  toBody: ({ model, prompt, isWhole }) => ({
    model,
    messages: [{ role: 'user', content: prompt }],
    stream: !isWhole,
  }),
  reading: {
    whole: 'choices.0.message.content',
    event: { path: 'choices.0.delta.content' },
    end: DONE,
  },
  toCode,
};
