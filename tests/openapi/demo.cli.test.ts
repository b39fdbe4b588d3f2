import { beforeAll, expect, test } from 'vitest';

import { answerCheckOf } from '../support/openapi-checks.ts';
import { readSse } from '../support/read-sse.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';

const RUN = { model: 'sonnet', prompt: 'demo:bash=pwd', allowedTools: ['Bash'] };
const JSON_TYPE = 'application/json';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy({ settings: { CLAUDE_MAX_RETRIES: '0' } });
});

test('a run with tools, its session and its end are as the document says', async () => {
  const run = await readJson('/api/run', RUN);
  const path = `/api/sessions/${String(run['sessionId'])}`;
  const answers = {
    'POST /api/run': run,
    'GET /api/sessions': await readJson('/api/sessions'),
    'GET /api/sessions/{id}': await readJson(path),
    'GET /api/sessions/{id}/messages': await readJson(`${path}/messages`),
    'DELETE /api/sessions/{id}': await readJson(path, undefined, { method: 'DELETE' }),
  };

  for (const [name, answer] of Object.entries(answers))
    expect(answerCheckOf(name, 200, JSON_TYPE)(answer)).toEqual([]);
});

test('so are the events of a streamed one, and a tool that was denied', async () => {
  const denied = { ...RUN, allowedTools: [], disallowedTools: [], prompt: 'demo:bash=touch x' };
  const events = await readEvents('/api/run', { ...denied, stream: true });

  expect(events.at(-1)).toMatchObject({ agent: { permissionDenials: [{ toolName: 'Bash' }] } });
  expect(events.flatMap(answerCheckOf('POST /api/run', 200, 'text/event-stream'))).toEqual([]);
});

test('so is a message whose thinking was asked for, streamed', async () => {
  const events = await readEvents('/v1/messages', {
    model: 'sonnet',
    max_tokens: 4000,
    thinking: { type: 'enabled', budget_tokens: 2000 },
    messages: [{ role: 'user', content: 'demo:think' }],
    stream: true,
  });

  expect(JSON.stringify(events)).toContain('thinking_delta');
  expect(events.flatMap(answerCheckOf('POST /v1/messages', 200, 'text/event-stream'))).toEqual([]);
});

test('so is a failure of the API', async () => {
  const messages = [{ role: 'user', content: 'demo:error=529' }];
  const answer = await proxy.send('/v1/chat/completions', { model: 'sonnet', messages });
  const check = answerCheckOf('POST /v1/chat/completions', answer.status, JSON_TYPE);

  expect(answer.status).toBe(503);
  expect(check(await answer.json())).toEqual([]);
});

async function readJson(path: string, body?: object, init?: RequestInit) {
  const answer = await proxy.send(path, body, init);
  return (await answer.json()) as Record<string, unknown>; // every answer here is an object
}

async function readEvents(path: string, body: object): Promise<unknown[]> {
  const messages = await Array.fromAsync(readSse(await proxy.send(path, body)));
  return messages.map(({ data }) => JSON.parse(data) as unknown);
}
