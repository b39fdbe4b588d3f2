import { beforeAll, expect, test } from 'vitest';

import { toolReply } from '../../src/demo/replies.ts';
import { askFor } from '../sampling/ask-for.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { ANSWER, askCallThenJson, CALL_THEN_JSON } from './call-then-json.ts';
import { JSON_DIALECTS } from './json-dialects.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

// beside-tools.proof.test.ts has each dialect, whole and streamed, with both.
test.for([
  ['the API', { isRefused: false, stream: false }],
  ['the CLI', { isRefused: true, stream: true }],
] as const)('first the call, then the JSON, enforced by %s', async ([, way]) => {
  const [dialect] = JSON_DIALECTS;
  if (!dialect) throw new Error('There is one in the table.');
  expect(await askCallThenJson(proxy, dialect, way)).toEqual(CALL_THEN_JSON);
});

test('with tools that must not be called the JSON still comes', async () => {
  const dialect = JSON_DIALECTS.find(({ name }) => name === 'openai-chat');
  if (!dialect) throw new Error('The dialect is in the table.');
  proxy.model.answer = () => toolReply([{ name: 'StructuredOutput', input: ANSWER }]);
  const { status, body, upstream } = await askFor(proxy, dialect, {
    ...dialect.toTools('look'),
    tool_choice: 'none',
    response_format: { type: 'json_object' },
  });
  expect(status).toBe(200);
  expect(JSON.parse(dialect.readWhole(body).text)).toEqual(ANSWER);
  expect(upstream.map(({ tools }) => tools?.map(({ name }) => name))).toEqual([
    ['StructuredOutput'],
  ]);
});
