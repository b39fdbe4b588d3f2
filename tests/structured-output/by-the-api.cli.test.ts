import { beforeAll, describe, expect, test } from 'vitest';

import { refusalReply, textReply } from '../../src/demo/replies.ts';
import { demoAnswer } from '../../src/demo/answers.ts';
import { askFor } from '../sampling/ask-for.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { CITY, JSON_DIALECTS } from './json-dialects.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

/** As generators write it. */
const GENERATED = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Trip',
  ...CITY,
  properties: { city: { $ref: '#/$defs/City' } },
  $defs: { City: { type: 'string', format: 'email', pattern: '@' } },
};

describe.for(JSON_DIALECTS)('$name', (dialect) => {
  test.for<[string, object]>([
    ['plain', CITY],
    ['generated', GENERATED],
  ])('a %s schema goes to the API as it came, and one JSON text comes back', async ([, schema]) => {
    proxy.model.answer = demoAnswer;
    for (const stream of [false, true]) {
      const asked = await askFor(proxy, dialect, dialect.toFormat(schema), { stream });
      const { text } = stream ? dialect.readStream(asked.messages) : dialect.readWhole(asked.body);
      expect(JSON.parse(text)).toEqual({ city: expect.any(String) });
      expect(asked.upstream).toMatchObject([
        { output_config: { format: { type: 'json_schema', schema }, effort: expect.any(String) } },
      ]);
      expect(asked.upstream[0]?.tools ?? []).toEqual([]);
    }
  });

  test('blanks around the JSON do no harm', async () => {
    proxy.model.answer = () => textReply('\n {"city": "Bern"}\n');
    const { status, body } = await askFor(proxy, dialect, dialect.toFormat(CITY));
    expect(status).toBe(200);
    expect(JSON.parse(dialect.readWhole(body).text)).toEqual({ city: 'Bern' });
  });

  test.for([
    ['does not fit', '{"town":"Bern"}', /required property 'city'/],
    ['stands in a fence', '```json\n{"city":"Bern"}\n```', /there is no JSON/],
    ['is empty', '', /there is no JSON/],
  ] as const)('an answer that %s is an error', async ([, text, complaint]) => {
    proxy.model.answer = () => textReply(text);
    const whole = await askFor(proxy, dialect, dialect.toFormat(CITY));
    const streamed = await askFor(proxy, dialect, dialect.toFormat(CITY), { stream: true });

    const error = { ...dialect.failure.error, message: expect.stringMatching(complaint) };
    expect(whole).toMatchObject({ status: dialect.failure.status, body: { error } });
    const last = streamed.messages.at(-1);
    expect(JSON.parse(last?.data ?? '')).toMatchObject({ error });
    expect(streamed.messages.map(({ data }) => data)).not.toContain('[DONE]');
    expect(streamed.messages.map(({ event }) => event)).not.toContain('message_stop');
  });

  test('a refusal stays a refusal, an answer cut off stays cut off', async () => {
    const reasons: string[] = [];
    const cut = textReply('{"city":"Be', { stopReason: 'max_tokens' });
    for (const reply of [refusalReply('No.'), cut]) {
      proxy.model.answer = () => reply;
      const { status, body } = await askFor(proxy, dialect, dialect.toFormat(CITY));
      expect(status).toBe(200);
      reasons.push(dialect.readWhole(body).reason ?? '');
    }
    expect(reasons).toEqual(
      dialect.name === 'openai-chat' ? ['content_filter', 'length'] : ['refusal', 'max_tokens'],
    );
  });
});
