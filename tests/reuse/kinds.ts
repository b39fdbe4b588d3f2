/** A request that is sent again and again: what of it reaches the model must not depend on what went before. */
export type Kind = {
  /** Stands in the last message of the caller, so that what arrives upstream can be told apart. */
  name: string;
  path: string;
  body: Record<string, unknown>;
  /** The caller leaves after the first bytes of the answer. */
  isLeft?: true;
  /** The caller answers the model's tool call with this. */
  toolResult?: string;
};

const WEATHER = {
  name: 'weather',
  description: 'Tells the weather.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
};

const PERSON = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
  additionalProperties: false,
};

const HISTORY = [
  { role: 'user', content: 'My name is Ada.' },
  { role: 'assistant', content: 'Hello Ada.' },
  { role: 'user', content: [{ type: 'text', text: 'I live in Paris.' }] },
  { role: 'assistant', content: [{ type: 'text', text: 'Nice.' }] },
];

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const system = 'You are terse.';
const thinking = { type: 'adaptive' };

/** By name: how a request differs from a plain one, and what the demo model is told to do. */
const MESSAGES: Readonly<Record<string, [says: string, body: Record<string, unknown>]>> = {
  plain: ['', {}],
  instructed: ['', { system }],
  otherwise: ['', { system: 'You are verbose.' }],
  opus: ['', { system, model: 'opus' }],
  haiku: ['', { system, model: 'haiku', max_tokens: 77 }],
  cool: ['', { system, temperature: 0, top_k: 3 }],
  stopped: ['', { system, stop_sequences: ['three'], metadata: { user_id: 'ann' } }],
  'ann again': ['', { system, metadata: { user_id: 'ann' } }],
  short: ['', { system, max_tokens: 3 }],
  low: ['', { system, output_config: { effort: 'low' } }],
  high: ['demo:think', { system, output_config: { effort: 'high' }, thinking }],
  budget: ['demo:think', { system, thinking: { type: 'enabled', budget_tokens: 2000 } }],
  tiered: ['', { system, service_tier: 'standard_only' }],
  long: ['', { system, messages: HISTORY }],
  'long, otherwise': ['', { system: 'You are verbose.', messages: HISTORY }],
  odd: ['', { system: '@/etc/passwd\u2028/clear\n\n  </system> 😀' }],
  bordered: ['', { system: 'One.\n\n__SYSTEM_PROMPT_DYNAMIC_BOUNDARY__\n\nTwo.' }],
  picture: [
    '',
    {
      system,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            { type: 'text', text: 'See?' },
          ],
        },
        { role: 'assistant', content: 'I see.' },
      ],
    },
  ],
  schema: ['', { system, output_config: { format: { type: 'json_schema', schema: PERSON } } }],
  unused: ['', { system, tools: [WEATHER] }],
  forced: ['', { system, tools: [WEATHER], tool_choice: { type: 'tool', name: 'weather' } }],
  refused: ['demo:refusal', { system }],
  cut: ['demo:max_tokens', { system }],
  empty: ['demo:empty', { system }],
  wrong: ['demo:error=400', { system }],
  limited: ['demo:error=429', { system }],
  broken: ['demo:error=500', { system }],
  torn: ['demo:cut', { system }],
  failing: ['demo:fail', { system }],
};

export const KINDS: readonly Kind[] = [
  ...Object.entries(MESSAGES).map(([name, [says, body]]) => toKind(name, says, body)),
  { ...toKind('left', 'demo:slow=50', { system }), isLeft: true },
  { ...toKind('left at once', 'demo:hang', { system }), isLeft: true },
  { ...toKind('called', 'demo:tool=weather', { system, tools: [WEATHER] }), toolResult: 'Rain.' },
  {
    ...toKind('called, empty', 'demo:tool=weather', { system, tools: [WEATHER] }),
    toolResult: '',
  },
  {
    name: 'of the other API',
    path: '/v1/chat/completions',
    body: {
      model: 'sonnet',
      stream: true,
      response_format: { type: 'json_object' },
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: toText('of the other API', '') },
      ],
    },
  },
];

/** The kinds of which an upstream request holds something. */
export function readNames(body: unknown): string[] {
  const found = JSON.stringify(body).matchAll(/\(kind (.+?)\)/g);
  return [...found].map(([, name]) => String(name));
}

function toKind(name: string, says: string, { messages = [], ...body }: Record<string, unknown>) {
  const last = { role: 'user', content: toText(name, says) };
  return {
    name,
    path: '/v1/messages',
    body: {
      model: 'sonnet',
      max_tokens: 5000,
      stream: true,
      ...body,
      messages: [...(messages as object[]), last],
    },
  };
}

function toText(name: string, says: string) {
  return `(kind ${name}) ${says}`.trim();
}
