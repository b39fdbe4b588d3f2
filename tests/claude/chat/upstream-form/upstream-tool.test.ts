import { expect, test } from 'vitest';

import { toUpstreamTool } from '../../../../src/claude/chat/upstream-form/upstream-tool.ts';

const toTool = (inputSchema: Record<string, unknown>) =>
  toUpstreamTool({ name: 'search', description: 'Searches.', inputSchema }, 'search');

test('a schema that is valid stays the very same', () => {
  const inputSchema = { type: 'object', properties: { a: { nullable: true } }, 'x-own': null };

  expect(toTool(inputSchema)).toMatchObject({ tool: { description: 'Searches.' } });
  expect(toTool(inputSchema).tool.inputSchema).toBe(inputSchema);
});

test('arguments that the API does not take get other names, wherever the schema speaks of them', () => {
  const { tool, keys } = toTool({
    type: 'object',
    properties: {
      $top: { type: 'integer' },
      _top: { $ref: '#/properties/$top' },
      'filter[name]': { properties: { $top: {} } },
      'filter(name)': { $ref: '#/properties/filter%5Bname%5D/properties/$top' },
      ['x'.repeat(70)]: {},
      '': {},
    },
    required: ['$top', '_top'],
    dependentRequired: { $top: ['filter[name]'] },
    dependentSchemas: { $top: { required: ['filter[name]'] } },
    if: { properties: { $top: { const: 1 } } },
    else: { required: ['filter[name]'] },
  });

  expect([...keys]).toEqual([
    ['$top', '_top_2'],
    ['filter[name]', 'filter_name_'],
    ['filter(name)', 'filter_name__2'],
    ['x'.repeat(70), 'x'.repeat(64)],
    ['', '_'],
  ]);
  expect(tool.inputSchema).toEqual({
    type: 'object',
    properties: {
      _top_2: { type: 'integer' },
      _top: { $ref: '#/properties/_top_2' },
      filter_name_: { properties: { $top: {} } },
      filter_name__2: { $ref: '#/properties/filter_name_/properties/$top' },
      ['x'.repeat(64)]: {},
      _: {},
    },
    required: ['_top_2', '_top'],
    dependentRequired: { _top_2: ['filter_name_'] },
    dependentSchemas: { _top_2: { required: ['filter_name_'] } },
    if: { properties: { _top_2: { const: 1 } } },
    else: { required: ['filter_name_'] },
  });
});

test('a union at the top loses nothing', () => {
  const { tool } = toTool({
    type: 'object',
    properties: { $id: { type: 'string' } },
    required: ['$id'],
    minProperties: 1,
    $defs: { byName: { properties: { name: { type: 'string' } }, required: ['name', 'how'] } },
    oneOf: [
      { $ref: '#/$defs/byName' },
      { anyOf: [{ properties: { name: { type: 'number' } } }], required: ['how'] },
    ],
    allOf: [{ properties: { unit: {} }, required: ['unit'] }],
  });

  expect(tool.inputSchema).toEqual({
    type: 'object',
    properties: {
      _id: { type: 'string' },
      unit: {},
      name: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    },
    required: ['$id', 'unit', 'how'].map((name) => (name === '$id' ? '_id' : name)),
    minProperties: 1,
    $defs: { byName: { properties: { name: { type: 'string' } }, required: ['name', 'how'] } },
  });
  expect(tool.description).toMatch(
    /^Searches\.\n\nThe input as a whole must also match this JSON Schema: /,
  );
  expect(tool.description).toContain('"allOf":[{"properties":{"unit":{}},"required":["unit"]}]');
  expect(tool.description).toContain(
    '{"properties":{"name":{"type":"string"}},"required":["name","how"]}',
  );
});

test('what cannot be mended is refused by its path', () => {
  const inputSchema = { properties: { size: { type: 'huge' } } };
  const odd = { name: 'odd', description: undefined, inputSchema, path: 'tools.3.parameters' };

  expect(() => toUpstreamTool(odd, 'odd')).toThrow(
    expect.objectContaining({
      code: 'invalid-request',
      message: expect.stringMatching(
        /^The schema of the tool "odd": properties\.size\.type must be/,
      ),
      param: 'tools.3.parameters',
    }),
  );
});
