import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  proxy = await startProxy();
  openai = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY });
  anthropic = new Anthropic({ baseURL: proxy.url, apiKey: KEY });
});
afterAll(() => proxy.stop());

const NAMES = ['Ada', 'Grace', 'Barbara'];

const toMessages = (name: string) => [{ role: 'user' as const, content: `I am ${name}.` }];

async function untilEnded(isEnded: () => Promise<boolean>) {
  while (!(await isEnded())) await new Promise((resolve) => setTimeout(resolve, 100));
}

test('the OpenAI package uploads, waits and reads the answers of the real CLI', async () => {
  const lines = NAMES.map((name) => ({
    custom_id: name,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'sonnet', messages: toMessages(name) },
  }));
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const file = await openai.files.create({
    file: await toFile(Buffer.from(text), 'asked.jsonl'),
    purpose: 'batch',
  });
  await openai.files.waitForProcessing(file.id);
  const { id } = await openai.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata: { run: 'nightly' },
  });
  await untilEnded(async () => (await openai.batches.retrieve(id)).status === 'completed');
  const [batch] = (await openai.batches.list()).data;

  expect(batch).toMatchObject({
    id,
    metadata: { run: 'nightly' },
    request_counts: { total: 3, completed: 3, failed: 0 },
  });
  const output = await (await openai.files.content(batch?.output_file_id ?? '')).text();
  for (const [index, line] of output.trimEnd().split('\n').entries()) {
    const { custom_id, response } = JSON.parse(line);
    expect(custom_id).toBe(NAMES[index]);
    expect(response.body.choices[0].message.content).toContain(`I am ${NAMES[index]}.`);
  }
});

test('the Anthropic package makes a batch, waits and reads the answers of the real CLI', async () => {
  const { id } = await anthropic.messages.batches.create({
    requests: NAMES.map((name) => ({
      custom_id: name,
      params: { model: 'sonnet', max_tokens: 100, messages: toMessages(name) },
    })),
  });
  await untilEnded(async () => {
    const { processing_status } = await anthropic.messages.batches.retrieve(id);
    return processing_status === 'ended';
  });
  const results = await Array.fromAsync(await anthropic.messages.batches.results(id));

  expect(results.map(({ custom_id }) => custom_id)).toEqual(NAMES);
  for (const { custom_id, result } of results) {
    expect(JSON.stringify(result)).toContain(`I am ${custom_id}.`);
    expect(result).toMatchObject({ type: 'succeeded', message: { type: 'message' } });
  }
  expect(await anthropic.messages.batches.delete(id)).toMatchObject({ id });
});

test('a batch that the server’s stop cut goes on with the next one', async () => {
  const { id } = await anthropic.messages.batches.create({
    requests: Array.from({ length: 10 }, (_, index) => ({
      custom_id: String(index),
      params: { model: 'sonnet', max_tokens: 100, messages: toMessages(`number ${index}`) },
    })),
  });
  proxy = await proxy.restart();
  anthropic = new Anthropic({ baseURL: proxy.url, apiKey: KEY });
  await untilEnded(async () => {
    const { processing_status } = await anthropic.messages.batches.retrieve(id);
    return processing_status === 'ended';
  });
  const { request_counts } = await anthropic.messages.batches.retrieve(id);

  expect(request_counts).toMatchObject({ succeeded: 10, errored: 0, canceled: 0, expired: 0 });
});
