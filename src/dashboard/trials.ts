/** What the form sends. */
export type Trial = { model: string; prompt: string };

type TrialKind = {
  title: string;
  path: string;
  toBody: (trial: Trial) => object;
};

const toMessages = (prompt: string) => [{ role: 'user', content: prompt }];

/** The APIs that can be tried, each with its smallest streamed request. */
export const TRIALS = {
  'openai-chat': {
    title: 'OpenAI chat completions',
    path: '/v1/chat/completions',
    toBody: ({ model, prompt }) => ({ model, messages: toMessages(prompt), stream: true }),
  },
  'openai-responses': {
    title: 'OpenAI responses',
    path: '/v1/responses',
    toBody: ({ model, prompt }) => ({ model, input: prompt, stream: true }),
  },
  'openai-completions': {
    title: 'OpenAI completions',
    path: '/v1/completions',
    toBody: ({ model, prompt }) => ({ model, prompt, max_tokens: 1000, stream: true }),
  },
  'anthropic-messages': {
    title: 'Anthropic messages',
    path: '/v1/messages',
    toBody: ({ model, prompt }) => ({
      model,
      max_tokens: 1000,
      messages: toMessages(prompt),
      stream: true,
    }),
  },
  direct: {
    title: 'Agent (/api/run)',
    path: '/api/run',
    toBody: ({ model, prompt }) => ({ model, prompt, stream: true }),
  },
} as const satisfies Record<string, TrialKind>;

export type TrialName = keyof typeof TRIALS;
