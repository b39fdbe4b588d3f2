import { describe, expect, test } from 'vitest';

import { textReply } from '../../src/demo/replies.ts';
import { askFor } from '../sampling/ask-for.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { CITY, JSON_DIALECTS } from './json-dialects.ts';

const proxy = createScriptedProxy();

const PARAMS: Readonly<Record<string, string>> = {
  'openai-chat': 'response_format',
  'anthropic-messages': 'output_config.format.schema',
};

describe.for(JSON_DIALECTS)('$name', (dialect) => {
  test.for<[string, object]>([
    ['no schema', { type: 'objekt' }],
    ['a pattern that is none', { ...CITY, properties: { city: { pattern: '(' } } }],
    ['a reference to nowhere', { $ref: '#/$defs/nowhere' }],
    ['a reference to elsewhere', { $ref: 'https://example.com/schema.json' }],
  ])('%s is refused before anything runs, by its name', async ([, schema]) => {
    for (const stream of [false, true]) {
      const asked = await askFor(proxy, dialect, dialect.toFormat(schema), { stream });
      const param = PARAMS[dialect.name] ?? '';
      expect(asked).toMatchObject({
        status: 400,
        body: {
          error: { message: expect.stringContaining(`${param}: the schema cannot be used`) },
        },
        upstream: [],
      });
    }
  });

  test('a schema that would have its verdict awaited is checked like any other', async () => {
    proxy.model.answer = () => textReply('{"town":"Bern"}');
    const { status } = await askFor(proxy, dialect, dialect.toFormat({ $async: true, ...CITY }));
    expect(status).toBe(dialect.failure.status);
  });
});

test.for(JSON_DIALECTS.slice(0, 1))(
  '$name: a pattern that never comes to an end holds up nobody for long',
  async (dialect) => {
    const impatient = createScriptedProxy({}, { longestCheckMs: 1500 });
    impatient.model.answer = () => textReply(JSON.stringify({ city: `${'a'.repeat(60)}!` }));
    const schema = { ...CITY, properties: { city: { type: 'string', pattern: '^(a+)+\\1$' } } };
    const { status, body } = await askFor(impatient, dialect, dialect.toFormat(schema));
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { message: expect.stringMatching(/takes too long/) } });
  },
);

test.for<[string, object]>([
  ['older name', { output_format: { type: 'json_schema', schema: { type: 'objekt' } } }],
])('the %s of the field is named, too', async ([, fields]) => {
  const anthropic = JSON_DIALECTS.find(({ name }) => name === 'anthropic-messages');
  if (!anthropic) throw new Error('The dialect is in the table.');
  const { body } = await askFor(proxy, anthropic, fields);
  expect(body).toMatchObject({
    error: {
      message: expect.stringMatching(/^output_format\.schema: the schema cannot be used/),
    },
  });
});
