import { beforeAll, describe, expect, test } from 'vitest';

import { CHAT_DIALECTS } from '../dialects/chat-dialects.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { askFor, toSettings } from './ask-for.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

type Row = [fields: object, upstream: object];

const ADAPTIVE = {
  thinking: expect.objectContaining({ type: 'adaptive' }),
  context_management: expect.anything(),
};

/** In the dialect's words, and in the API's. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'openai-chat': [
    [
      { temperature: 0.2, stop: ['END', 'FIN'], max_tokens: 50, user: 'ann' },
      {
        temperature: 0.2,
        stop_sequences: ['END', 'FIN'],
        max_tokens: 50,
        metadata: { user_id: 'ann' },
      },
    ],
    [
      { top_p: 0.9, stop: 'END', max_completion_tokens: 60 },
      { top_p: 0.9, stop_sequences: ['END'], max_tokens: 60 },
    ],
    [{ temperature: 0 }, { temperature: 0 }],
    [{ reasoning_effort: 'high' }, { ...ADAPTIVE, output_config: { effort: 'high' } }],
    [{ reasoning_effort: 'minimal' }, { ...ADAPTIVE, output_config: { effort: 'low' } }],
    [{ reasoning_effort: 'none' }, {}],
    [{ temperature: null, top_p: null, stop: null, max_tokens: null, user: null }, {}],
  ],
  'anthropic-messages': [
    [
      {
        temperature: 0.2,
        top_k: 5,
        stop_sequences: ['END'],
        max_tokens: 50,
        metadata: { user_id: 'ann' },
        service_tier: 'standard_only',
      },
      {
        temperature: 0.2,
        top_k: 5,
        stop_sequences: ['END'],
        max_tokens: 50,
        metadata: { user_id: 'ann' },
        service_tier: 'standard_only',
      },
    ],
    [{ top_p: 0.9 }, { top_p: 0.9 }],
    [
      { max_tokens: 3000, thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted' } },
      {
        max_tokens: 3000,
        thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted' },
        context_management: expect.anything(),
      },
    ],
    [
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'max' } },
      {
        ...ADAPTIVE,
        thinking: { type: 'adaptive', display: 'summarized' },
        output_config: { effort: 'max' },
      },
    ],
    [{ thinking: { type: 'disabled' } }, {}],
    [{ output_config: { effort: 'low' } }, { output_config: { effort: 'low' } }],
    [{ temperature: null, top_p: null, thinking: null, output_config: null }, {}],
  ],
};

describe.for(CHAT_DIALECTS)('$name', (dialect) => {
  test('each parameter arrives, and none is left over in the next request', async () => {
    const plain = await askFor(proxy, dialect);
    const [settings = {}] = plain.upstream.map(toSettings);
    expect(settings).not.toHaveProperty('thinking');
    expect(settings).not.toHaveProperty('context_management');

    for (const [fields, expected] of ROWS[dialect.name] ?? []) {
      const { status, ignored, upstream } = await askFor(proxy, dialect, fields);
      expect({ fields, status, ignored, upstream: upstream.map(toSettings) }).toEqual({
        fields,
        status: 200,
        ignored: [],
        upstream: [{ ...settings, ...expected }],
      });
    }
  });
});
