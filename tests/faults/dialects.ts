import type { Product } from './start-product.ts';

/** One small request in each API, and where its failures have their word. */
export const DIALECTS = {
  'chat completions': {
    path: '/v1/chat/completions',
    toBody: (text) => ({ messages: [{ role: 'user', content: text }] }),
  },
  responses: { path: '/v1/responses', toBody: (text) => ({ input: text, store: false }) },
  messages: {
    path: '/v1/messages',
    toBody: (text) => ({ max_tokens: 100, messages: [{ role: 'user', content: text }] }),
  },
  'agent runs': { path: '/api/run', toBody: (text) => ({ prompt: text }) },
} as const satisfies Record<string, { path: string; toBody: (text: string) => object }>;

export type DialectName = keyof typeof DIALECTS;

export const DIALECT_NAMES = Object.keys(DIALECTS) as DialectName[]; // its own keys

/** Says one text in the dialect. */
export function say(
  product: Pick<Product, 'send'>,
  name: DialectName,
  text: string,
  { stream = false } = {},
): Promise<Response> {
  const { path, toBody } = DIALECTS[name];
  return product.send(path, { model: 'sonnet', ...toBody(text), stream });
}
