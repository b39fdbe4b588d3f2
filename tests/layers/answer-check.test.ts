import { expect, test } from 'vitest';

import { RunError } from '../../src/run-error.ts';
import { createAnswerChecks } from '../../src/layers/answer-check.ts';

const toCheck = (schema: Record<string, unknown> | undefined) =>
  createAnswerChecks()({ type: 'json', schema, path: 'where' });

const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

test.for<[schema: Record<string, unknown> | undefined, answer: unknown, complaint: RegExp]>([
  [CITY, { city: 'Bern' }, /^it fits$/],
  [CITY, { town: 'Bern' }, /must have required property 'city'/],
  [CITY, undefined, /there is no JSON/],
  [undefined, { anything: 1 }, /^it fits$/],
  [undefined, ['a list'], /must be object/],
  [{ $async: true, ...CITY }, {}, /required property/],
  [{ $schema: 'https://json-schema.org/draft/2020-12/schema', ...CITY }, { city: 1 }, /string/],
  [
    { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] },
    [1],
    /string/,
  ],
  [{ prefixItems: [{ type: 'string' }] }, [1], /string/],
  [{ type: 'string', format: 'email', 'x-order': 1, example: 'e' }, 'no address', /^it fits$/],
  [{ type: 'string', pattern: '^a' }, 'b', /pattern/],
])('%j holds for %j: %s', ([schema, answer, complaint]) => {
  expect(toCheck(schema)(answer) ?? 'it fits').toMatch(complaint);
});

test.for([
  { type: 'objekt' },
  { pattern: '(' },
  { $ref: '#/$defs/nowhere' },
  { $ref: 'https://example.com/schema.json' },
])('%j cannot be used', (schema) => {
  expect(() => toCheck(schema)).toThrow(
    expect.objectContaining({
      code: 'invalid-request',
      param: 'where',
      message: expect.stringMatching(/^where: the schema cannot be used: .+\.$/),
    }),
  );
});

test('a check that would never end is cut off, and the next one works', () => {
  const checks = createAnswerChecks(500);
  const endless = checks({ type: 'json', schema: { pattern: '^(a+)+$' }, path: 'where' });
  expect(() => endless(`${'a'.repeat(60)}!`)).toThrow(RunError);
  expect(() => endless(`${'a'.repeat(60)}!`)).toThrow(/^where: the schema takes too long/);
  expect(endless('aaa')).toBeUndefined();
});
