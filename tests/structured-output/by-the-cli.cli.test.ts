import { beforeAll, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { refusalReply, textReply, toolReply } from '../../src/demo/replies.ts';
import { CHAT_DIALECTS } from '../dialects/chat-dialects.ts';
import { askFor } from '../sampling/ask-for.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { CITY, JSON_DIALECTS, readEnforced, refuseSchema } from './json-dialects.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const [openaiChat] = CHAT_DIALECTS;
if (!openaiChat) throw new Error('The dialect is in the table.');
const toFormat = JSON_DIALECTS.find(({ name }) => name === 'openai-chat')?.toFormat ?? (() => ({}));

const ANY_JSON = { response_format: { type: 'json_object' } };

/** As generators write it, with words that the CLI's validator does not know. */
const GENERATED = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...CITY,
  properties: { city: { $ref: '#/$defs/City' } },
  $defs: { City: { type: 'string', 'x-order': 1, example: 'Bern' } },
};

describe.for(JSON_DIALECTS)('$name: a schema that the API refuses', (dialect) => {
  test('is enforced by the CLI, and not tried on the API again', async () => {
    proxy.model.answer = (body) => (body.output_config?.format ? refuseSchema() : demoAnswer(body));
    const format = dialect.toFormat({ ...GENERATED, title: dialect.name });
    const first = await askFor(proxy, dialect, format);
    const second = await askFor(proxy, dialect, format, { stream: true });

    expect(JSON.parse(dialect.readWhole(first.body).text)).toEqual({ city: expect.any(String) });
    expect(first.upstream[0]?.output_config?.format).toBeDefined();
    expect(JSON.parse(dialect.readStream(second.messages).text)).toEqual({
      city: expect.any(String),
    });
    expect(second.upstream).toHaveLength(1);
    expect(second.upstream.map(readEnforced)).toEqual([
      {
        ...CITY,
        title: dialect.name,
        properties: GENERATED.properties,
        $defs: { City: { type: 'string' } },
      },
    ]);
  });
});

test('what neither can enforce is a 400 that says what the API said', async () => {
  proxy.model.answer = (body) => (body.output_config?.format ? refuseSchema() : demoAnswer(body));
  const list = { type: 'array', items: { type: 'string' } };
  for (let round = 0; round < 2; round += 1) {
    expect(await askFor(proxy, openaiChat, toFormat(list))).toMatchObject({
      status: 400,
      body: {
        error: {
          param: 'response_format',
          message: expect.stringMatching(/^output_config\.format\.schema: For 'object' type/),
        },
      },
    });
  }
});

describe('JSON of any shape', () => {
  test('is the CLI’s to enforce; whole and streamed it is one text', async () => {
    proxy.model.answer = () =>
      toolReply([{ name: 'StructuredOutput', input: { a: [1] } }], { text: 'Here it is:' });
    const whole = await askFor(proxy, openaiChat, ANY_JSON);
    const streamed = await askFor(proxy, openaiChat, ANY_JSON, { stream: true });
    const said = { text: '{"a":[1]}', reason: 'stop' };
    expect(openaiChat.readWhole(whole.body)).toMatchObject(said);
    expect(openaiChat.readStream(streamed.messages)).toMatchObject(said);
    expect(whole.upstream.map(readEnforced)).toEqual([{ type: 'object' }]);
  });

  test('is an error when the model does not give it in spite of everything', async () => {
    proxy.model.answer = () => textReply('I would rather not.');
    const { status, body } = await askFor(proxy, openaiChat, ANY_JSON);
    expect(status).toBe(500);
    expect(body).toMatchObject({ error: { message: expect.stringMatching(/there is no JSON/) } });
  });

  test.for([
    ['content_filter', refusalReply('No.')],
    ['length', textReply('{"a', { stopReason: 'max_tokens' })],
  ] as const)('may end as %s', async ([reason, reply]) => {
    proxy.model.answer = () => reply;
    const { status, body } = await askFor(proxy, openaiChat, ANY_JSON);
    expect(status).toBe(200);
    expect(openaiChat.readWhole(body).reason).toBe(reason);
  });
});
