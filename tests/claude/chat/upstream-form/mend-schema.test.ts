import { expect, test } from 'vitest';

import { mendSchema } from '../../../../src/claude/chat/upstream-form/mend-schema.ts';
import { findComplaint } from '../../../../src/claude/chat/upstream-form/schema-complaint.ts';

const inProperty = (size: unknown, more: object = {}) => ({
  type: 'object',
  properties: { size },
  ...more,
});

test.each([
  [
    'a tuple',
    inProperty({ items: [{ type: 'string' }, {}], additionalItems: false }),
    inProperty({ prefixItems: [{ type: 'string' }, {}], items: false }),
  ],
  ['an empty tuple', inProperty({ items: [] }), inProperty({})],
  [
    'a bound that is excluded',
    inProperty({ minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false }),
    inProperty({ exclusiveMinimum: 1, maximum: 9 }),
  ],
  [
    'a property that says itself that it is required',
    inProperty({ type: 'string', required: true }),
    inProperty({ type: 'string' }, { required: ['size'] }),
  ],
  [
    'a property that says itself that it is not',
    inProperty({ required: false }, { required: ['other'] }),
    inProperty({}, { required: ['other'] }),
  ],
  [
    'words that are null',
    {
      ...inProperty({ description: null, enum: null, default: null }),
      required: null,
      title: null,
    },
    inProperty({ default: null }),
  ],
  ['a property that is null', inProperty(null), inProperty({})],
  ['any type', inProperty({ type: 'any' }), inProperty({})],
  ['any type among others', inProperty({ type: ['string', 'any'] }), inProperty({})],
  [
    'names given twice',
    inProperty({ type: ['string', 'string'] }, { required: ['size', 'size'] }),
    inProperty({ type: ['string'] }, { required: ['size'] }),
  ],
  [
    'the same further inside',
    { $defs: { one: inProperty({ anyOf: [{ items: { items: [{ type: 'any' }] } }] }) } },
    { $defs: { one: inProperty({ anyOf: [{ items: { prefixItems: [{}] } }] }) } },
  ],
  [
    'what is mended in a schema of an older draft, which it is not any more',
    {
      $schema: 'http://json-schema.org/draft-07/schema#',
      ...inProperty({ title: null, items: [{}] }),
    },
    inProperty({ prefixItems: [{}] }),
  ],
])('%s', (_, schema, mended) => {
  expect(findComplaint(schema)).toBeDefined();
  expect(mendSchema(schema)).toEqual(mended);
  expect(findComplaint(mended)).toBeUndefined();
});

test.each([
  ['a type that is none', inProperty({ type: 'huge' }), 'properties.size.type must be'],
  ['a choice of nothing', inProperty({ anyOf: [] }), 'properties.size.anyOf must NOT'],
  [
    'a number that is a text',
    inProperty({ minimum: '1' }),
    'properties.size.minimum must be number',
  ],
  ['a name with a slash', { properties: { 'a/b': { title: 1 } } }, 'properties.a/b.title must be'],
])('%s has no one meaning', (_, schema, complaint) => {
  expect(mendSchema(schema)).toEqual(schema);
  expect(findComplaint(schema)).toContain(complaint);
});

test.each([
  ['draft 7', { $schema: 'http://json-schema.org/draft-07/schema#', items: [{}] }],
  ['2019-09', { $schema: 'https://json-schema.org/draft/2019-09/schema', items: [{}] }],
  ['a draft that is not known', { $schema: 'http://json-schema.org/draft-04/schema#', items: 3 }],
])('%s is valid by its own rules', (_, schema) => {
  expect(findComplaint(schema)).toBeUndefined();
});
