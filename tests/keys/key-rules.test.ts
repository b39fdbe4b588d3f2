import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { KeyRules } from '../../src/keys/api-key.ts';
import { withKey } from '../../src/layers/with-key.ts';
import { createCounters } from '../../src/limits/counters.ts';
import { createKeyLimits } from '../../src/limits/key-limits.ts';
import { collectRun } from '../../src/run-answer.ts';
import type { Run, RunRequest } from '../../src/run.ts';
import { get, post, sayHello } from '../support/create-test-app.ts';
import { createKeyedApp, createKeysFolder, type KeysFolder } from '../support/keys.ts';
import { ROUTES } from '../support/routes.ts';

const CHAT = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };
const MESSAGES = { ...CHAT, max_tokens: 10 };

/** What only tells of models, or counts tokens by itself, is open to every key. */
const GUARDED = ROUTES.filter(({ path }) => !/models|count_tokens|tags|version|ps|show/.test(path));

const isForAgents = (path: string) => /^\/api\/(run|sessions)/.test(path);

let folder: KeysFolder;
let requests: RunRequest[];
beforeEach(async () => {
  folder = await createKeysFolder();
  requests = [];
});
afterEach(() => folder.remove());

const record: Run = (request, signal) => {
  requests.push(request);
  return sayHello(request, signal);
};

/** An app, and how its caller shows a key with these rules. */
async function open(rules: Partial<KeyRules>) {
  const authorization = `Bearer ${await folder.add(rules)}`;
  return { app: createKeyedApp(folder, record), headers: { authorization } };
}

describe('scopes', () => {
  test.for(GUARDED)(
    'a key without the one for $path gets a 403',
    async ({ method, path, body }) => {
      const { app, headers } = await open({
        scopes: isForAgents(path) ? ['chat'] : ['agent'],
      });
      const response = await (method === 'GET'
        ? get(app, path, headers)
        : post(app, path, body, headers));
      expect(response.status).toBe(403);
      expect(requests).toEqual([]);
    },
  );

  test.for(ROUTES)('the right one opens $path', async ({ method, path, body }) => {
    const { app, headers } = await open({ scopes: [isForAgents(path) ? 'agent' : 'chat'] });
    const response = await (method === 'GET'
      ? get(app, path, headers)
      : post(app, path, body, headers));
    expect(response.status).toBe(200);
  });

  test('a 403 speaks like the route’s API', async () => {
    const { app, headers } = await open({ scopes: ['admin'] });
    const message = 'This key lacks the scope `chat`.';
    expect(await (await post(app, '/v1/chat/completions', CHAT, headers)).json()).toEqual({
      error: { message, type: 'invalid_request_error', param: null, code: 'permission_denied' },
    });
    expect(await (await post(app, '/v1/messages', MESSAGES, headers)).json()).toMatchObject({
      type: 'error',
      error: { type: 'permission_error', message },
    });
    expect(await (await post(app, '/api/run', { prompt: 'Hi' }, headers)).json()).toMatchObject({
      error: { code: 'forbidden', message: 'This key lacks the scope `agent`.' },
    });
  });
});

describe('models', () => {
  test.for([
    ['sonnet', ['sonnet']],
    ['claude-sonnet-5-5', ['sonnet']],
    ['sonnet', ['claude-sonnet-5-5']],
    ['gpt-4o', ['sonnet']],
    ['gpt-4o', ['gpt-4o']],
    ['default', ['opus']],
  ] as const)('%s may be used by a key for %j', async ([model, models]) => {
    const { app, headers } = await open({ models: [...models] });
    expect((await post(app, '/v1/messages', { ...MESSAGES, model }, headers)).status).toBe(200);
  });

  test.for([
    ['opus', ['sonnet', 'haiku']],
    ['claude-opus-5-5', ['sonnet']],
    ['sonnet', ['gpt-4o']],
    ['unknown', ['sonnet']],
    ['Sonnet', ['sonnet']],
  ] as const)('%s may not be used by a key for %j', async ([model, models]) => {
    const { app, headers } = await open({ models: [...models] });
    const response = await post(app, '/v1/chat/completions', { ...CHAT, model }, headers);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      error: { param: 'model', message: `This key may not use the model \`${model}\`.` },
    });
    expect(requests).toEqual([]);
  });

  test('the catalogue names those of the key only', async () => {
    const { app, headers } = await open({ models: ['sonnet'] });
    const response = await get(app, '/v1/models', headers);
    expect(await response.json()).toMatchObject({
      data: [{ id: 'claude-sonnet-5-5' }, { id: 'gpt-4o' }],
    });
    expect((await get(app, '/v1/models/opus', headers)).status).toBe(403);
    expect((await get(app, '/v1/models/sonnet', headers)).status).toBe(200);
  });
});

const withSubagent = (model?: string) => ({
  prompt: 'Hi',
  agents: { reviewer: { description: 'Reviews.', prompt: 'Review.', model } },
});

describe('agents', () => {
  test('a permission mode that the key does not name is a 403', async () => {
    const { app, headers } = await open({ scopes: ['agent'], permissionModes: ['plan'] });
    const response = await post(app, '/api/run', { prompt: 'Hi' }, headers);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      error: { code: 'forbidden', param: 'permissionMode' },
    });
    const allowed = await post(app, '/api/run', { prompt: 'Hi', permissionMode: 'plan' }, headers);
    expect(allowed.status).toBe(200);
  });

  test('sub-agents have the models of the key, or none at all', async () => {
    const { app, headers } = await open({ scopes: ['agent'], models: ['opus'] });
    for (const model of [undefined, 'inherit', 'opus', 'claude-opus-5-5']) {
      expect((await post(app, '/api/run', withSubagent(model), headers)).status).toBe(200);
    }
    expect(
      await (await post(app, '/api/run', withSubagent('haiku'), headers)).json(),
    ).toMatchObject({
      error: { code: 'forbidden', param: 'agents.reviewer.model' },
    });

    const without = await open({ scopes: ['agent'], deniedTools: ['Agent'] });
    const refused = await post(without.app, '/api/run', withSubagent(), without.headers);
    expect(await refused.json()).toMatchObject({ error: { code: 'forbidden', param: 'agents' } });
  });

  test('the tools that a key denies come to those that the caller does not want', async () => {
    const { app, headers } = await open({ scopes: ['agent'], deniedTools: ['Bash', 'WebFetch'] });
    await post(
      app,
      '/api/run',
      { prompt: 'Hi', allowedTools: ['Bash'], disallowedTools: ['Read'] },
      headers,
    );
    expect(requests[0]?.agent?.disallowedTools).toEqual(['Read', 'Bash', 'WebFetch']);
  });
});

test('a key that was revoked since its caller connected is a 401', async () => {
  const { app, headers } = await open({});
  await post(app, '/v1/messages', MESSAGES, headers);
  const [request] = requests;
  const revoked = withKey(record, {
    keys: { get: () => Promise.resolve(undefined) },
    applyRules: (_key, given) => Promise.resolve(given),
    limits: createKeyLimits({ counters: createCounters() }),
  });
  const run = request && collectRun(revoked(request, new AbortController().signal));
  await expect(run).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(requests).toHaveLength(1);
});

test('the file of the keys is looked at once at the door, and once as the run begins', async () => {
  const { app, headers } = await open({ requestsPerMinute: 10, tokensPerDay: 1000 });
  const looks = vi.spyOn(fs, 'statSync');
  syncBuiltinESMExports();
  try {
    expect((await post(app, '/v1/messages', MESSAGES, headers)).status).toBe(200);
    // What an earlier file left behind may look at files of its own.
    expect(looks.mock.calls.filter(([file]) => file === folder.file)).toHaveLength(2);
  } finally {
    looks.mockRestore();
    syncBuiltinESMExports();
  }
});
