import { expect, test } from 'vitest';

import type { Run } from '../../../src/run.ts';
import { RunError } from '../../../src/run-error.ts';
import { APP_KEY, createTestApp, post } from '../../support/create-test-app.ts';
import { createTestRunBook, NO_INPUTS } from '../../support/create-test-run-book.ts';

const endless: Run = async function* endless(_, signal) {
  yield { type: 'run-progress', step: 'placed' };
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
};

test('a change on the way is checked like a run that begins with it', async () => {
  const changes: unknown[] = [];
  const change = async (_id: string, what: object) => void changes.push(what);
  const runs = createTestRunBook({
    inputs: { ...NO_INPUTS, steering: { ...NO_INPUTS.steering, change } },
    async checkRequest({ agent, model }) {
      if (agent?.permissionMode === 'acceptEdits' || model === 'opus') {
        throw new RunError('forbidden', 'Not with this key.');
      }
    },
  });
  const app = createTestApp({ run: endless, runs });
  const started = await post(app, '/api/run', { prompt: 'Hi', background: true });
  const { id } = (await started.json()) as { id: string }; // a run
  const patch = async (body: object) => {
    const response = await app.request(`/api/runs/${id}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.status;
  };
  expect(await patch({ permissionMode: 'acceptEdits' })).toBe(403);
  expect(await patch({ model: 'opus' })).toBe(403);
  expect(await patch({})).toBe(400);
  expect(changes).toEqual([]);
  expect(await patch({ model: 'sonnet' })).toBe(200);
  expect(changes).toEqual([{ model: 'sonnet' }]);
  await app.request(`/api/runs/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${APP_KEY}` },
  });
});
