import { expect, test } from 'vitest';

import { OWNER } from '../../src/keys/api-key.ts';
import { RunError } from '../../src/run-error.ts';
import { createTestApp, post } from '../support/create-test-app.ts';

const BODY = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };
const LIMITED = { ...OWNER, requestsPerMinute: 5 };

test.each([false, true])(
  'an answer is there also when its limits cannot be read any more (stream: %s)',
  async (stream) => {
    const app = createTestApp({
      keys: {
        find: () => Promise.resolve(LIMITED),
        get: () => Promise.resolve(LIMITED),
        named: () => Promise.resolve(LIMITED),
        readRevision: () => Promise.resolve(''),
      },
      limits: {
        enter: () => Promise.resolve({ budgetUsd: undefined, leave: () => Promise.resolve() }),
        standing: () => Promise.reject(new RunError('queue-timeout', 'Redis is away.')),
        readUses: () => Promise.resolve([]),
      },
    });
    const response = await post(app, '/v1/chat/completions', { ...BODY, stream });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('Hello.');
  },
);
