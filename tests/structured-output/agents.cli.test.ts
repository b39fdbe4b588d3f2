import { beforeAll, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { textReply } from '../../src/demo/replies.ts';
import { readSse } from '../support/read-sse.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { CITY } from './json-dialects.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const run = (outputSchema: object, fields: object = {}) =>
  proxy.send('/api/run', { model: 'sonnet', prompt: 'Where?', outputSchema, ...fields });

test('an agent’s answer is an object of the schema, however that was generated', async () => {
  proxy.model.answer = demoAnswer;
  const generated = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...CITY,
    properties: { city: { type: 'string', example: 'Bern' } },
  };
  const response = await run(generated);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ structuredOutput: { city: expect.any(String) } });
});

test('an agent that gives no object is an error, whole and streamed', async () => {
  proxy.model.answer = () => textReply('Somewhere.');
  const error = { code: 'upstream-failed', message: expect.stringMatching(/there is no JSON/) };
  const whole = await run(CITY);
  expect(whole.status).toBe(500);
  expect(await whole.json()).toMatchObject({ error });

  const messages = await Array.fromAsync(readSse(await run(CITY, { stream: true })));
  expect(messages.at(-1)?.event).toBe('error');
  expect(JSON.parse(messages.at(-1)?.data ?? '')).toMatchObject({ error });
});

test('a schema that cannot be used is refused by its name', async () => {
  const response = await run({ type: 'objekt' });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: 'invalid-request', param: 'outputSchema' },
  });
});
