import { ToolMessage, type UsageMetadata } from '@langchain/core/messages';
import { ChatOpenAI, type ChatOpenAIFields } from '@langchain/openai';
import { describe, expect, test } from 'vitest';

import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { recordFetch } from './record-fetch.ts';

const proxy = createScriptedProxy();

describe('invoke', () => {
  test('gives the text, the model and the usage', async () => {
    const message = await toModel().invoke('Hello.');

    expect(message.text).toContain('Hello.');
    expect(message.id).toMatch(/^chatcmpl-/);
    expect(message.response_metadata).toMatchObject({
      model_name: 'claude-sonnet-5-5',
      finish_reason: 'stop',
    });
    expectUsage(message.usage_metadata);
  });
});

describe('stream', () => {
  test('gives the text piece by piece, and the usage at its end', async () => {
    const chunks = await Array.fromAsync(await toModel().stream('Hello.'));
    const whole = chunks.reduce((one, other) => one.concat(other));

    expect(chunks.filter(({ text }) => text !== '').length).toBeGreaterThan(5);
    expect(whole.text).toContain('Hello.');
    expect(whole.response_metadata).toMatchObject({ finish_reason: 'stop' });
    expectUsage(whole.usage_metadata);
  });

  test('gives no usage when streamUsage is off', async () => {
    const chunks = await Array.fromAsync(await toModel({ streamUsage: false }).stream('Hello.'));

    expect(chunks.some(({ usage_metadata: usage }) => usage)).toBe(false);
  });
});

test('a batch of three comes back in order', async () => {
  const messages = await toModel().batch(['One.', 'Two.', 'Three.']);

  expect(messages.map(({ text }) => /"(.*)"/.exec(text)?.[1])).toEqual(['One.', 'Two.', 'Three.']);
});

describe('with its default of six retries, it sends once', () => {
  test('what has a wrong key', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const model = toModel({ apiKey: 'wrong' }, fetch);

    await expect(model.invoke('Hello.')).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
      lc_error_code: 'MODEL_AUTHENTICATION',
    });
    expect(exchanges).toHaveLength(1);
  });

  test('what the server finds wrong', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const model = toModel({}, fetch);

    const orphan = new ToolMessage({ content: 'Rain.', tool_call_id: 'call_of_nobody' });
    await expect(model.invoke([orphan])).rejects.toMatchObject({
      status: 400,
      param: expect.stringMatching(/^messages/),
    });
    expect(exchanges).toHaveLength(1);
  });
});

function expectUsage(usage: UsageMetadata | undefined): void {
  expect(usage).toMatchObject({
    input_tokens: expect.any(Number),
    output_tokens: 19,
    total_tokens: (usage?.input_tokens ?? 0) + 19,
    input_token_details: { cache_read: 0 },
    output_token_details: { reasoning: 0 },
  });
}

function toModel(fields: ChatOpenAIFields = {}, fetch = proxy.fetch): ChatOpenAI {
  return new ChatOpenAI({
    model: 'sonnet',
    apiKey: KEY,
    configuration: { baseURL: `${proxy.url}/v1`, fetch },
    ...fields,
  });
}
