import { stripTypeScriptTypes } from 'node:module';
import { compileFunction } from 'node:vm';

import { Hono } from 'hono';
import { expect, test } from 'vitest';

import { type Backend, NO_SESSION_WORK, NO_STEERING } from '../../src/backend.ts';
import { APP_KEY, createTestApp, sayHello } from '../support/create-test-app.ts';
import { readDocument } from './read-blocks.ts';

test('the example of createApp mounts it in another app', async () => {
  const parts = { maxQueueSize: 1 };
  const scope = { createApp: createTestApp, Hono, parts, run: sayHello, key: APP_KEY };

  expect(await runExample('src/app.ts', scope, 'choices')).toMatchObject([
    { message: { content: 'Hello.' } },
  ]);
});

/** What the example of a Backend imports. */
const SCOPE = { NO_SESSION_WORK, NO_STEERING };

test('the example of a Backend answers requests', async () => {
  const backend = (await runExample('src/backend.ts', SCOPE, 'backend')) as Backend;
  const app = createTestApp({ run: backend.run, countTokens: backend.countTokens });
  const response = await app.request('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sonnet', messages: [{ role: 'user', content: 'Hello.' }] }),
  });

  expect(await response.json()).toMatchObject({
    choices: [{ message: { content: 'Messages: 1' }, finish_reason: 'stop' }],
  });
  expect(backend.counts().processes.running).toBe(0);
  expect(await backend.readStatus()).toMatchObject({ isLoggedIn: true });
  await backend.close();
});

/** Runs the `@example` of a file with these names in its scope; resolves with the value of one of its own. */
async function runExample(
  file: string,
  scope: Readonly<Record<string, unknown>>,
  result: string,
): Promise<unknown> {
  const [, lines] = /^ \* @example\n((?: \*.*\n)*?) \*\/$/m.exec(readDocument(file)) ?? [];
  if (lines === undefined) throw new Error(`There is no example in ${file}.`);
  const code = lines.replaceAll(/^ \* ?/gm, '');
  const body = `return (async () => {\n${code}\nreturn ${result};\n})();`;
  const wrapped = stripTypeScriptTypes(`async function example() {\n${body}\n}`);
  const example = compileFunction(`${wrapped}\nreturn example();`, Object.keys(scope)) as (
    ...values: unknown[]
  ) => Promise<unknown>;
  return example(...Object.values(scope));
}
