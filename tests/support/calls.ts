import type { Proxy } from './start-proxy.ts';

type Call = { path: string; toBody: (text: string) => Record<string, unknown> };

/** One small request in each dialect, for facts that hold in all of them. */
export const CALLS = {
  'chat completions': {
    path: '/v1/chat/completions',
    toBody: (text) => ({ model: 'sonnet', messages: [{ role: 'user', content: text }] }),
  },
  messages: {
    path: '/v1/messages',
    toBody: (text) => ({
      model: 'sonnet',
      max_tokens: 1000,
      messages: [{ role: 'user', content: text }],
    }),
  },
  'agent runs': {
    path: '/api/run',
    toBody: (text) => ({ model: 'sonnet', prompt: text }),
  },
} as const satisfies Record<string, Call>;

export type CallName = keyof typeof CALLS;

export const CALL_NAMES = ['chat completions', 'messages', 'agent runs'] as const;

export type AskOptions = { stream?: boolean; signal?: AbortSignal };

/** Says one text in the dialect. */
export function ask(
  proxy: Pick<Proxy, 'send'>,
  name: CallName,
  text: string,
  { stream = false, signal }: AskOptions = {},
): Promise<Response> {
  const { path, toBody } = CALLS[name];
  return proxy.send(path, { ...toBody(text), stream }, signal && { signal });
}
