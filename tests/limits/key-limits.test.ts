import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { KeyRules } from '../../src/keys/api-key.ts';
import type { Run, RunRequest } from '../../src/run.ts';
import { APP_KEY, post, sayHello, type TestApp } from '../support/create-test-app.ts';
import { createKeyedApp, createKeysFolder, type KeysFolder } from '../support/keys.ts';

const CHAT = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };
const MESSAGES = { ...CHAT, max_tokens: 10 };

let folder: KeysFolder;
beforeEach(async () => {
  folder = await createKeysFolder();
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  vi.setSystemTime('2026-11-24T12:00:00Z');
});
afterEach(async () => {
  vi.useRealTimers();
  await folder.remove();
});

async function open(rules: Partial<KeyRules>, run?: Run) {
  const authorization = `Bearer ${await folder.add(rules)}`;
  return { app: createKeyedApp(folder, run), headers: { authorization } };
}

/** Says hello, and tells that it used so much. */
function spendingRun({ tokens = 0, costUsd = 0, requests = [] as RunRequest[] }): Run {
  return async function* spending(request, signal) {
    requests.push(request);
    for await (const event of sayHello(request, signal)) {
      if (event.type !== 'run-end') yield event;
      else {
        const usage = { ...event.usage, input: tokens - 3, output: 1, cacheRead: 1, cacheWrite: 1 };
        yield { ...event, usage, agent: event.agent && { ...event.agent, costUsd } };
      }
    }
  };
}

const breaking: Run = async function* breaking(request, signal) {
  for await (const event of sayHello(request, signal)) {
    if (event.type === 'part-end') throw new Error('broken');
    yield event.type === 'part-delta' ? { ...event, delta: 'x'.repeat(400) } : event;
  }
};

const failing: Run = () => {
  throw new Error('broken');
};

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

const statusesOf = async (count: number, app: TestApp, headers: Record<string, string>) => {
  const statuses = [];
  for (let turn = 0; turn < count; turn += 1) {
    statuses.push((await post(app, '/v1/messages', MESSAGES, headers)).status);
  }
  return statuses;
};

describe('requests a minute', () => {
  test('a body that is no JSON counts as well', async () => {
    const { app, headers } = await open({ requestsPerMinute: 1 });
    const send = () =>
      app.request('/v1/messages', {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{',
      });
    expect([(await send()).status, (await send()).status]).toEqual([400, 429]);
  });

  test.for([
    ['too large', '/v1/messages', { ...MESSAGES, system: 'x'.repeat(20_000) }, 413],
    [
      'that cannot be translated',
      '/v1/messages',
      { ...MESSAGES, messages: [...CHAT.messages, { role: 'assistant', content: 'Hello' }] },
      400,
    ],
    ['of tools that do not fit', '/v1/chat/completions', { ...CHAT, tool_choice: 'required' }, 400],
    [
      'that continues nothing',
      '/v1/responses',
      { model: 'sonnet', input: 'Hi', previous_response_id: 'resp_none' },
      400,
    ],
    [
      'that compacts nothing',
      '/v1/responses/compact',
      { model: 'sonnet', input: 'Hi', previous_response_id: 'resp_none' },
      400,
    ],
  ] as const)('a body %s counts as well', async ([, path, body, status]) => {
    const { app, headers } = await open({ requestsPerMinute: 2 });
    const statuses = [];
    for (let turn = 0; turn < 3; turn += 1) {
      statuses.push((await post(app, path, body, headers)).status);
    }
    expect(statuses).toEqual([status, status, 429]);
  });

  test.for(['/v1/messages', '/v1/chat/completions', '/v1/responses', '/v1/messages/count_tokens'])(
    'bodies that %s refuses count, and the one over the limit is a 429',
    async (path) => {
      const { app, headers } = await open({ requestsPerMinute: 3 });
      const statuses = [];
      for (let turn = 0; turn < 4; turn += 1) {
        statuses.push((await post(app, path, { model: 7 }, headers)).status);
      }
      expect(statuses).toEqual([400, 400, 400, 429]);
      expect(await statusesOf(1, app, headers)).toEqual([429]);
    },
  );

  test('the next one is a 429 in the words of OpenAI, and tells when to try again', async () => {
    const { app, headers } = await open({ requestsPerMinute: 2 });
    await post(app, '/v1/chat/completions', CHAT, headers);
    await pass(20_000);
    const last = await post(app, '/v1/chat/completions', CHAT, headers);
    expect(last.status).toBe(200);
    expect(limitHeaders(last)).toEqual({
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '40s',
    });

    const refused = await post(app, '/v1/chat/completions', CHAT, headers);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('40');
    expect(limitHeaders(refused)).toMatchObject({ 'x-ratelimit-remaining-requests': '0' });
    expect(await refused.json()).toEqual({
      error: {
        message: 'This key may send 2 requests a minute, and has; try again in 40 s.',
        type: 'rate_limit_error',
        param: null,
        code: 'rate_limit_exceeded',
      },
    });
    await pass(40_000);
    expect((await post(app, '/v1/chat/completions', CHAT, headers)).status).toBe(200);
  });

  test('a 429 in the words of Anthropic', async () => {
    const { app, headers } = await open({ requestsPerMinute: 1 });
    await post(app, '/v1/messages', MESSAGES, headers);
    const refused = await post(app, '/v1/messages', MESSAGES, headers);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(limitHeaders(refused)).toEqual({
      'anthropic-ratelimit-requests-limit': '1',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-24T12:01:00.000Z',
    });
    expect(await refused.json()).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error' },
    });
  });

  test('a stream that is refused is a 429, too', async () => {
    const { app, headers } = await open({ requestsPerMinute: 1 });
    const body = { ...CHAT, stream: true };
    const first = await post(app, '/v1/chat/completions', body, headers);
    expect(limitHeaders(first)).toMatchObject({ 'x-ratelimit-remaining-requests': '0' });
    await first.text();
    expect((await post(app, '/v1/chat/completions', body, headers)).status).toBe(429);
  });

  test('each key has its own, and the owner none', async () => {
    const { app, headers } = await open({ requestsPerMinute: 1 });
    const other = { authorization: `Bearer ${await folder.add({ requestsPerMinute: 1 })}` };
    expect(await statusesOf(2, app, headers)).toEqual([200, 429]);
    expect(await statusesOf(2, app, other)).toEqual([200, 429]);
    expect(await statusesOf(2, app, { authorization: `Bearer ${APP_KEY}` })).toEqual([200, 200]);
  });

  test('what the key may not do does not count', async () => {
    const { app, headers } = await open({ requestsPerMinute: 1, models: ['sonnet'] });
    await post(app, '/v1/messages', { ...MESSAGES, model: 'opus' }, headers);
    expect(await statusesOf(2, app, headers)).toEqual([200, 429]);
  });
});

describe('tokens', () => {
  test('a minute: the answer that passes the limit is the last', async () => {
    const { app, headers } = await open({ tokensPerMinute: 100 }, spendingRun({ tokens: 60 }));
    const first = await post(app, '/v1/messages', MESSAGES, headers);
    expect(limitHeaders(first)).toEqual({
      'anthropic-ratelimit-tokens-limit': '100',
      'anthropic-ratelimit-tokens-remaining': '40',
      'anthropic-ratelimit-tokens-reset': '2026-11-24T12:01:00.000Z',
    });
    expect(await statusesOf(2, app, headers)).toEqual([200, 429]);
    await pass(60_000);
    expect(await statusesOf(1, app, headers)).toEqual([200]);
  });

  test('a day: clients are told not to wait for it', async () => {
    const { app, headers } = await open({ tokensPerDay: 100 }, spendingRun({ tokens: 100 }));
    expect(await statusesOf(1, app, headers)).toEqual([200]);
    await pass(3_600_000);
    const refused = await post(app, '/v1/chat/completions', CHAT, headers);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe(String(23 * 3600));
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(limitHeaders(refused)).toMatchObject({ 'x-ratelimit-reset-tokens': '23h0s' });
    await pass(23 * 3_600_000);
    expect(await statusesOf(1, app, headers)).toEqual([200]);
  });

  test('the headers tell the limit that is nearer', async () => {
    const rules = { tokensPerMinute: 100, tokensPerDay: 120 };
    const { app, headers } = await open(rules, spendingRun({ tokens: 90 }));
    const first = await post(app, '/v1/chat/completions', CHAT, headers);
    expect(limitHeaders(first)).toMatchObject({ 'x-ratelimit-remaining-tokens': '10' });
    await pass(60_000);
    const second = await post(app, '/v1/chat/completions', CHAT, headers);
    expect(limitHeaders(second)).toMatchObject({
      'x-ratelimit-limit-tokens': '120',
      'x-ratelimit-remaining-tokens': '0',
    });
  });

  test('an answer that breaks off counts as far as it was heard', async () => {
    const { app, headers } = await open({ tokensPerDay: 1000 }, breaking);
    const response = await post(app, '/v1/messages', MESSAGES, headers);
    expect(response.status).toBe(500);
    expect(limitHeaders(response)).toMatchObject({ 'anthropic-ratelimit-tokens-remaining': '898' });
  });
});

describe('USD a day', () => {
  test('an agent gets what is left as its budget, then the key has to wait', async () => {
    const requests: RunRequest[] = [];
    const rules: Partial<KeyRules> = { scopes: ['agent'], usdPerDay: 1 };
    const { app, headers } = await open(rules, spendingRun({ costUsd: 0.6, requests }));
    const ask = (fields: object = {}) =>
      post(app, '/api/run', { prompt: 'Hi', ...fields }, headers);

    await ask({ maxBudgetUsd: 0.7 });
    await ask({ maxBudgetUsd: 0.7 });
    expect(requests.map(({ agent }) => agent?.maxBudgetUsd)).toEqual([0.7, 0.4]);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      error: { code: 'rate-limited', message: expect.stringContaining('spend 1 USD a day') },
    });
  });
});

test('an agent gets what a run may cost as its budget, less what it asks for itself', async () => {
  const requests: RunRequest[] = [];
  const rules: Partial<KeyRules> = { scopes: ['agent'], usdPerRun: 0.5, usdPerDay: 1 };
  const { app, headers } = await open(rules, spendingRun({ costUsd: 0.7, requests }));
  for (const fields of [{ maxBudgetUsd: 0.2 }, { maxBudgetUsd: 3 }]) {
    await post(app, '/api/run', { prompt: 'Hi', ...fields }, headers);
  }
  expect(requests.map(({ agent }) => agent?.maxBudgetUsd)).toEqual([0.2, 0.3]);

  const perRun = await open({ scopes: ['agent'], usdPerRun: 0.5 }, spendingRun({ requests }));
  await post(perRun.app, '/api/run', { prompt: 'Hi' }, perRun.headers);
  expect(requests.at(-1)?.agent?.maxBudgetUsd).toBe(0.5);
});

describe('requests at once', () => {
  test('one too many is a 429 until another ends, also when its caller leaves', async () => {
    const held = Promise.withResolvers<void>();
    const holding: Run = async function* holding(request, signal) {
      for await (const event of sayHello(request, signal)) {
        yield event;
        if (event.type === 'run-start') await held.promise;
      }
    };
    const { app, headers } = await open({ runningAtOnce: 1 }, holding);
    const first = await post(app, '/v1/messages', { ...MESSAGES, stream: true }, headers);
    const refused = await post(app, '/v1/messages', MESSAGES, headers);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    held.resolve();
    await first.text();
    expect(await statusesOf(2, app, headers)).toEqual([200, 200]);
  });

  test('a run that fails gives its place back', async () => {
    const { app, headers } = await open({ runningAtOnce: 1 }, failing);
    expect(await statusesOf(2, app, headers)).toEqual([500, 500]);
  });
});

function limitHeaders({ headers }: Response) {
  return Object.fromEntries([...headers].filter(([name]) => name.includes('ratelimit')));
}
