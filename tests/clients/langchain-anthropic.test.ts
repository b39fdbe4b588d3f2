import { ChatAnthropic, type ChatAnthropicInput } from '@langchain/anthropic';
import { AIMessage, type UsageMetadata } from '@langchain/core/messages';
import { describe, expect, test } from 'vitest';

import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { recordFetch } from './record-fetch.ts';

const proxy = createScriptedProxy();

test('invoke gives the text, the model, why it ended, and the usage', async () => {
  const message = await toModel().invoke('Hello.');

  expect(message.text).toContain('Hello.');
  expect(message.id).toMatch(/^msg_/);
  expect(message.response_metadata).toMatchObject({
    model: 'claude-sonnet-5-5',
    stop_reason: 'end_turn',
  });
  expectUsage(message.usage_metadata);
});

test('stream gives the text piece by piece, and a usage that counts nothing twice', async () => {
  const chunks = await Array.fromAsync(await toModel().stream('Hello.'));
  const whole = chunks.reduce((one, other) => one.concat(other));

  expect(chunks.filter(({ text }) => text !== '').length).toBeGreaterThan(5);
  expect(whole.text).toContain('Hello.');
  expect(whole.additional_kwargs).toMatchObject({ stop_reason: 'end_turn' });
  expectUsage(whole.usage_metadata);
});

describe('with its default of six retries, it sends once', () => {
  test('what has a wrong key', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const model = toModel({ apiKey: 'wrong', clientOptions: { fetch } });

    await expect(model.invoke('Hello.')).rejects.toMatchObject({
      status: 401,
      lc_error_code: 'MODEL_AUTHENTICATION',
    });
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]?.headers.get('x-api-key')).toBe('wrong');
  });

  test('what the server finds wrong', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const model = toModel({ clientOptions: { fetch } });

    await expect(model.invoke([new AIMessage('I begin.')])).rejects.toMatchObject({ status: 400 });
    expect(exchanges).toHaveLength(1);
  });
});

function expectUsage(usage: UsageMetadata | undefined): void {
  expect(usage).toMatchObject({
    input_tokens: expect.any(Number),
    output_tokens: 19,
    total_tokens: (usage?.input_tokens ?? 0) + 19,
  });
  expect(usage?.input_tokens).toBeGreaterThan(0);
}

function toModel(fields: ChatAnthropicInput = {}): ChatAnthropic {
  return new ChatAnthropic({
    model: 'sonnet',
    apiKey: KEY,
    anthropicApiUrl: proxy.url,
    clientOptions: { fetch: proxy.fetch },
    ...fields,
  });
}
