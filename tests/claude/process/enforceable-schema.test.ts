import { expect, test } from 'vitest';

import { toEnforceableSchema } from '../../../src/claude/process/enforceable-schema.ts';

test('words that the CLI does not know go, wherever schemas stand', () => {
  const odd = { type: 'string', example: 'e', 'x-order': 1, unevaluatedProperties: false };
  expect(
    toEnforceableSchema({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://example.com/a',
      type: 'object',
      properties: { a: odd, list: { type: 'array', items: odd }, one: { anyOf: [odd, odd] } },
      additionalProperties: odd,
      $defs: { odd },
    }),
  ).toEqual({
    type: 'object',
    properties: {
      a: { type: 'string' },
      list: { type: 'array', items: { type: 'string' } },
      one: { anyOf: [{ type: 'string' }, { type: 'string' }] },
    },
    additionalProperties: { type: 'string' },
    $defs: { odd: { type: 'string' } },
  });
});

test('names and values that look like words stay', () => {
  const schema = {
    type: 'object',
    properties: { example: { const: { example: 1 } }, $schema: { enum: [{ nullable: true }] } },
    required: ['example'],
    additionalProperties: false,
  };
  expect(toEnforceableSchema(schema)).toEqual(schema);
});

test.for<[why: string, given: Record<string, unknown>, enforced: Record<string, unknown>]>([
  ['a tool takes an object', {}, { type: 'object' }],
  [
    'generators name the root',
    { $ref: '#/definitions/A', definitions: { A: { type: 'object', title: 'A' } } },
    { type: 'object', title: 'A', definitions: { A: { type: 'object', title: 'A' } } },
  ],
  [
    'a tuple says nothing about other items',
    { type: 'object', properties: { a: { prefixItems: [{}], items: { type: 'null' } } } },
    { type: 'object', properties: { a: {} } },
  ],
  ['what it is stays', { type: 'array', items: true }, { type: 'array', items: true }],
  ['a choice stays', { anyOf: [{}, {}] }, { anyOf: [{}, {}] }],
])('%s', ([, given, enforced]) => {
  expect(toEnforceableSchema(given)).toEqual(enforced);
});
