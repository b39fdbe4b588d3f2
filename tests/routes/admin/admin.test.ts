import { describe, expect, test } from 'vitest';

import type { Run } from '../../../src/run.ts';
import { START } from '../../observation/runs.ts';
import {
  CLI_STATUS,
  APP_KEY,
  createTestApp,
  get,
  post,
  type TestApp,
} from '../../support/create-test-app.ts';

const BODY = { model: 'sonnet', messages: [{ role: 'user', content: 'a private prompt' }] };

test.each([
  ['GET', '/api/admin/status'],
  ['GET', '/api/admin/runs'],
  ['GET', '/api/admin/history'],
  ['DELETE', '/api/admin/runs/x'],
  ['GET', '/api/admin/requests'],
  ['GET', '/api/admin/keys'],
  ['POST', '/api/admin/keys'],
  ['PUT', '/api/admin/keys/x'],
  ['DELETE', '/api/admin/keys/x'],
])('%s %s needs the key', async (method, path) => {
  expect((await createTestApp().request(path, { method })).status).toBe(401);
});

test('the status tells how the server is', async () => {
  const health = { queue: () => ({ waiting: 3, running: 2, concurrency: 2 }) };
  expect(await readJson(createTestApp({ health }), '/api/admin/status')).toEqual({
    version: '1.2.3',
    uptimeSeconds: expect.any(Number),
    isDraining: false,
    queue: { waiting: 3, running: 2, concurrency: 2, maxWaiting: 10 },
    processes: {},
    sessions: 0,
    cli: { version: '2.1.330', loggedIn: true, account: 'somebody@example.com' },
    refusals: [],
    planLimits: [],
    troubles: [],
  });
});

test('the status tells what needs a person, and what to do', async () => {
  const health = {
    isStored: () => false,
    isDraining: () => true, // which needs nobody
    readCliStatus: () => Promise.resolve({ ...CLI_STATUS, isLoggedIn: false }),
  };
  expect(await readJson(createTestApp({ health }), '/api/admin/status')).toMatchObject({
    troubles: [
      { name: 'not-logged-in', advice: expect.stringContaining('not logged in') },
      { name: 'nothing-stored', advice: expect.stringContaining('disk') },
    ],
  });
});

describe('a running request', () => {
  test('is listed with what is known of it, and nothing that was said', async () => {
    const { app, asking } = await startHeld();
    const { running } = (await readJson(app, '/api/admin/runs')) as { running: unknown[] };
    expect(running).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(/^req_/),
        key: 'default',
        dialect: 'openai-chat',
        model: 'claude-sonnet-5-5',
        outcome: 'running',
        tokens: { input: 3, output: 5 }, // a guess from 20 characters
      }),
    ]);
    expect(JSON.stringify(running)).not.toContain('private');
    await stopAll(app);
    await asking;
  });

  test('can be stopped: its caller is told, and it is listed as ended', async () => {
    const { app, asking } = await startHeld();
    expect(await stopAll(app)).toEqual([200]);
    const response = await asking;
    expect(response.status).toBe(499);
    expect(await response.json()).toMatchObject({
      error: { code: 'cancelled', message: expect.stringContaining('operator') },
    });
    expect(await readJson(app, '/api/admin/runs')).toMatchObject({
      running: [],
      recent: [{ outcome: 'cancelled' }],
    });
  });

  test('that is unknown cannot be stopped', async () => {
    const response = await remove(createTestApp(), '/api/admin/runs/req_unknown');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'not-found' } });
  });
});

describe('the history', () => {
  test('has every point of its range', async () => {
    const app = createTestApp();
    await post(app, '/v1/chat/completions', BODY);
    for (const [range, buckets] of [
      ['hour', 60],
      ['day', 96],
      ['week', 84],
    ] as const) {
      const history = (await readJson(app, `/api/admin/history?range=${range}`)) as {
        points: { requests: number }[];
      };
      expect(history.points).toHaveLength(buckets);
      expect(history.points.reduce((sum, { requests }) => sum + requests, 0)).toBe(1);
    }
  });

  test('of an unknown range is a 400 that names those there are', async () => {
    const response = await get(createTestApp(), '/api/admin/history?range=year');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { message: 'range must be one of hour, day, week.' },
    });
  });
});

/** A request that goes on until it is stopped. */
async function startHeld() {
  const started = Promise.withResolvers<void>();
  const held: Run = async function* hold(_request, signal) {
    const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve));
    yield START;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    yield { type: 'part-delta', index: 0, delta: 'x'.repeat(20) };
    started.resolve();
    await stopped;
    throw signal.reason;
  };
  const app = createTestApp({ run: held });
  const asking = post(app, '/v1/chat/completions', BODY);
  await started.promise;
  return { app, asking };
}

async function stopAll(app: TestApp) {
  const { running } = (await readJson(app, '/api/admin/runs')) as { running: { id: string }[] };
  const stopped = running.map(({ id }) => remove(app, `/api/admin/runs/${id}`));
  return (await Promise.all(stopped)).map(({ status }) => status);
}

async function remove(app: TestApp, path: string) {
  return app.request(path, { method: 'DELETE', headers: { authorization: `Bearer ${APP_KEY}` } });
}

async function readJson(app: TestApp, path: string): Promise<unknown> {
  return (await get(app, path)).json();
}
