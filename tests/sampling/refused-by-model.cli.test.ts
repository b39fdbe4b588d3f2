import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { errorReply } from '../../src/demo/replies.ts';
import { CHAT_DIALECTS } from '../dialects/chat-dialects.ts';
import type { ServerStatus } from '../../src/routes/admin/server-status.ts';
import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { askFor } from './ask-for.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy(); // what it learns here would hold for other tests, too
});
afterAll(() => proxy.stop());
beforeEach(() => {
  proxy.model.answer = demoAnswer;
});

/** A model that refuses with this sentence whatever the test does not like. */
const refuse = (isRefused: (body: MessagesBody) => boolean, sentence: string) => {
  proxy.model.answer = (body) =>
    isRefused(body) ? errorReply(400, 'invalid_request_error', sentence) : demoAnswer(body);
};

const [openaiChat, anthropicMessages] = CHAT_DIALECTS;
if (!openaiChat || !anthropicMessages) throw new Error('Both dialects are in the table.');

describe.for(CHAT_DIALECTS)('$name: a model that refuses sampling', (dialect) => {
  test('answers without it, says so, and is not asked again', async () => {
    const model = 'claude-demo-strict';
    const fields = { temperature: 0.3, top_p: 0.5 };
    const first = await askFor(proxy, dialect, fields, { model });
    const second = await askFor(proxy, dialect, fields, { model, stream: true });
    const without = await askFor(proxy, dialect, {}, { model });

    expect([first, second, without]).toMatchObject([
      { status: 200, ignored: ['top_p', 'temperature'] },
      { status: 200, ignored: ['top_p', 'temperature'] },
      { status: 200, ignored: [] },
    ]);
    expect(await readRefusals(model)).toEqual(['top_p', 'temperature']);
    expect(second.upstream).toHaveLength(1);
    expect(second.upstream[0]).not.toHaveProperty('temperature');
    expect(second.upstream[0]).not.toHaveProperty('top_p');
  });
});

/** What the server says of a model's refusals, which hold for about an hour. */
async function readRefusals(asked: string) {
  const response = await proxy.fetch(`${proxy.url}/api/admin/status`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  const { refusals } = (await response.json()) as Pick<ServerStatus, 'refusals'>;
  const theirs = refusals.filter(({ model }) => model === asked);
  for (const { expiresAt } of theirs)
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(50 * 60_000);
  return theirs.map(({ param }) => param);
}

test('of temperature and top_p, which do not go together, temperature stays', async () => {
  const { status, ignored, upstream } = await askFor(proxy, openaiChat, {
    temperature: 0.3,
    top_p: 0.5,
  });
  expect({ status, ignored }).toEqual({ status: 200, ignored: ['top_p'] });
  expect(upstream.at(-1)).toMatchObject({ temperature: 0.3 });
});

test('sampling that thinking does not bear goes, thinking stays', async () => {
  const asked = await askFor(proxy, openaiChat, { temperature: 0.3, reasoning_effort: 'low' });
  expect(asked).toMatchObject({ status: 200, ignored: ['temperature'] });
  expect(asked.upstream.at(-1)).toMatchObject({ thinking: { type: 'adaptive' } });

  const thinking = { type: 'enabled', budget_tokens: 1024 };
  const fields = { thinking, max_tokens: 2000, temperature: 0.3, top_k: 5, top_p: 0.5 };
  const all = await askFor(proxy, anthropicMessages, fields);
  expect(all.status).toBe(200);
  expect(new Set(all.ignored)).toEqual(new Set(['temperature', 'top_p', 'top_k']));
  expect(all.upstream.at(-1)).toMatchObject({ thinking });
});

test('thinking that a forced tool does not bear goes, the tool stays', async () => {
  const tools = [{ name: 'look', input_schema: { type: 'object' } }];
  const { status, ignored, upstream, body } = await askFor(proxy, anthropicMessages, {
    tools,
    tool_choice: { type: 'tool', name: 'look' },
    thinking: { type: 'adaptive' },
  });
  expect({ status, ignored }).toEqual({ status: 200, ignored: ['thinking'] });
  expect(upstream.at(-1)).toMatchObject({ tool_choice: { type: 'tool', name: 'look' } });
  expect(body).toMatchObject({ stop_reason: 'tool_use', content: [{ name: 'look' }] });
});

test('a model without budgets thinks as long as it sees fit, at the effort asked for', async () => {
  refuse(
    ({ thinking }) => thinking?.type === 'enabled',
    '`thinking.type.enabled` is not supported for this model. Use `thinking.type.adaptive` and `output_config.effort` to control thinking behavior.',
  );
  const { status, ignored, upstream } = await askFor(proxy, anthropicMessages, {
    max_tokens: 2000,
    thinking: { type: 'enabled', budget_tokens: 1024 },
    output_config: { effort: 'high' },
  });
  expect({ status, ignored }).toEqual({ status: 200, ignored: ['thinking'] });
  expect(upstream.at(-1)).toMatchObject({
    thinking: { type: 'adaptive' },
    output_config: { effort: 'high' },
  });
});

test('a service tier that is refused goes', async () => {
  refuse(
    (body) => body['service_tier'] !== undefined,
    'service_tier: this account has no priority tier.',
  );
  const { status, ignored } = await askFor(proxy, anthropicMessages, { service_tier: 'auto' });
  expect({ status, ignored }).toEqual({ status: 200, ignored: ['service_tier'] });
});

test('effort that is refused is left out by the CLI itself, which does not tell', async () => {
  refuse(
    (body) => Object(body.output_config).effort === 'high',
    'This model does not support the effort parameter.',
  );
  const { status, upstream } = await askFor(proxy, openaiChat, { reasoning_effort: 'high' });
  expect(status).toBe(200);
  expect(Object(upstream.at(-1)?.output_config).effort).toBeUndefined();
});

test('a forced tool that is refused is called all the same, whatever its schema holds', async () => {
  refuse(
    (body) => body.tool_choice?.type === 'tool',
    'tool_choice: forcing a tool is not supported for this model.',
  );
  const input_schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { q: { type: 'string', example: 'x' } },
    required: ['q'],
  };
  const { status, ignored, body } = await askFor(proxy, anthropicMessages, {
    tools: [{ name: 'look', input_schema }],
    tool_choice: { type: 'tool', name: 'look' },
  });
  expect({ status, ignored }).toEqual({ status: 200, ignored: [] });
  expect(body).toMatchObject({
    stop_reason: 'tool_use',
    content: [{ type: 'tool_use', name: 'look', input: { q: expect.any(String) } }],
  });
});

describe('stays a 400', () => {
  test('a budget that is not below max_tokens', async () => {
    const { status, body } = await askFor(proxy, anthropicMessages, {
      max_tokens: 1500,
      thinking: { type: 'enabled', budget_tokens: 2000 },
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: {
        type: 'invalid_request_error',
        message: expect.stringMatching(/^`max_tokens` must be greater than/),
      },
    });
  });

  test('a refusal that names a parameter which the client did not send', async () => {
    refuse(() => true, 'temperature: range: 0..1');
    const { status, body } = await askFor(proxy, openaiChat, { top_p: 0.5, max_tokens: 9 });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { message: 'temperature: range: 0..1' } });
  });

  test('a refusal that names none', async () => {
    refuse(() => true, 'messages.0: something is wrong with this.');
    const { status } = await askFor(proxy, openaiChat, { temperature: 0.5 });
    expect(status).toBe(400);
  });
});
