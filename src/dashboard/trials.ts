/** What the form sends. */
export type Trial = {
  model: string;
  prompt: string;
  /** Whether the answer comes in one piece. Default: it is streamed. */
  isWhole?: boolean | undefined;
};

type TrialKind = {
  title: string;
  path: string;
  toBody: (trial: Trial) => object;
};

const toMessages = (prompt: string) => [{ role: 'user', content: prompt }];

/** The APIs that can be tried, each with its smallest request. */
export const TRIALS = {
  'openai-chat': {
    title: 'OpenAI chat completions',
    path: '/v1/chat/completions',
    toBody: ({ model, prompt, isWhole }) => ({
      model,
      messages: toMessages(prompt),
      stream: !isWhole,
    }),
  },
  'openai-responses': {
    title: 'OpenAI responses',
    path: '/v1/responses',
    toBody: ({ model, prompt, isWhole }) => ({ model, input: prompt, stream: !isWhole }),
  },
  'openai-completions': {
    title: 'OpenAI completions',
    path: '/v1/completions',
    toBody: ({ model, prompt, isWhole }) => ({ model, prompt, max_tokens: 1000, stream: !isWhole }),
  },
  'anthropic-messages': {
    title: 'Anthropic messages',
    path: '/v1/messages',
    toBody: ({ model, prompt, isWhole }) => ({
      model,
      max_tokens: 1000,
      messages: toMessages(prompt),
      stream: !isWhole,
    }),
  },
  direct: {
    title: 'Agent (/api/run)',
    path: '/api/run',
    toBody: ({ model, prompt, isWhole }) => ({ model, prompt, stream: !isWhole }),
  },
} as const satisfies Record<string, TrialKind>;

export type TrialName = keyof typeof TRIALS;

/** What people call an API whose dialect has this name. */
export function toApiTitle(dialect: string): string {
  return Object.hasOwn(TRIALS, dialect) ? TRIALS[dialect as TrialName].title : dialect;
}
