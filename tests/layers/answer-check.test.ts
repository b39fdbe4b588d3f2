import { expect, test } from 'vitest';

import { createAnswerChecks } from '../../src/layers/answer-check/answer-check.ts';

/** Whatever the machine is busy with: the time of a check has a test of its own. */
const toCheck = (schema: Record<string, unknown> | undefined) =>
  createAnswerChecks(60_000)({ type: 'json', schema, path: 'where' });

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
  // Of JavaScript's meaning, whichever engine it is.
  [{ pattern: '^.$' }, '\u2028', /pattern/],
  [{ pattern: '^\\s[\\s]$' }, '\u00a0\ufeff', /^it fits$/],
  [{ pattern: '^\\S$' }, '\u00a0', /pattern/],
  [{ pattern: '^\\u{1F600}[\\w.-]+$' }, '\u{1F600}a.b', /^it fits$/],
  // These cannot be matched in linear time.
  [{ pattern: '^(?=.*[a-z])(?=.*\\d).+$' }, 'a1', /^it fits$/],
  [{ pattern: '^(?=.*[a-z])(?=.*\\d).+$' }, 'ab', /pattern/],
  [{ pattern: '^(.)\\1$' }, 'aa', /^it fits$/],
  [{ patternProperties: { '^(?!a)': { type: 'number' } } }, { b: 'text' }, /number/],
])('%j holds for %j: %s', async ([schema, answer, complaint]) => {
  const check = await toCheck(schema);
  expect((await check(answer)) ?? 'it fits').toMatch(complaint);
});

test.for([
  { type: 'objekt' },
  { pattern: '(' },
  { pattern: '(?=a)', properties: { b: { type: 'objekt' } } },
  { $ref: '#/$defs/nowhere' },
  { $ref: 'https://example.com/schema.json' },
])('%j cannot be used', async (schema) => {
  await expect(toCheck(schema)).rejects.toMatchObject({
    code: 'invalid-request',
    param: 'where',
    message: expect.stringMatching(/^where: the schema cannot be used: .+\.$/),
  });
});

test('a pattern made to take for ever takes no longer than another', async () => {
  const check = await toCheck({ pattern: '^(a+)+$' });
  expect(await check(`${'a'.repeat(9000)}!`)).toMatch(/pattern/);
  expect(await check('aaa')).toBeUndefined();
});

test('one that cannot be helped is cut off, holds up nobody, and the next answer is checked', async () => {
  const checks = createAnswerChecks(1500);
  const endless = await checks({
    type: 'json',
    schema: { pattern: '^(?=a)(a+)+$' },
    path: 'where',
  });
  const checked = endless(`${'a'.repeat(60)}!`);
  let isChecked = false;
  void checked.catch(() => (isChecked = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isChecked).toBe(false);
  await expect(checked).rejects.toThrow(/^where: the schema takes too long/);
  expect(await endless('aaa')).toBeUndefined();
});

test('a large schema, and a large answer to a small one, are checked all the same', async () => {
  const properties = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`field${index}`, { type: 'string' }]),
  );
  const large = await toCheck({ properties });
  expect(await large({ field999: 1 })).toMatch(/field999 must be string/);
  const small = await toCheck({ items: { type: 'number' } });
  expect(await small([...Array.from({ length: 20_000 }, () => 1), 'x'])).toMatch(/20000/);
});
