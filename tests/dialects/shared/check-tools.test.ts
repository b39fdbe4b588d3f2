import { describe, expect, test } from 'vitest';

import { checkTools } from '../../../src/dialects/shared/check-tools.ts';
import type { ToolChoice } from '../../../src/run.ts';

const PATHS = {
  toNamePath: (index: number) => `tools.${index}.name`,
  toSchemaPath: (index: number) => `tools.${index}.schema`,
};
const OBJECT = { type: 'object' };
const AUTO: ToolChoice = { type: 'auto' };

function check(
  tools: readonly [name: string, inputSchema?: Record<string, unknown>][],
  toolChoice: ToolChoice = AUTO,
) {
  const given = tools.map(([name, inputSchema = OBJECT]) => ({
    name,
    inputSchema,
    description: undefined,
  }));
  return () => checkTools({ tools: given, toolChoice }, PATHS);
}

describe('takes', () => {
  test.each(['Bash', 'with.dot', 'mcp__server__tool', 'a-b_c', 'x'.repeat(128)])(
    'the name %s',
    (name) => {
      expect(check([[name]])).not.toThrow();
    },
  );

  test.each([
    {},
    { properties: { a: true }, required: ['a'] },
    { type: 'object', $defs: { a: {} }, oneOf: [{ required: ['a'] }] },
  ])('the schema %j', (schema) => {
    expect(check([['f', schema]])).not.toThrow();
  });

  test('a choice of a tool that is there', () => {
    expect(check([['f'], ['g']], { type: 'tool', name: 'g' })).not.toThrow();
    expect(check([['f']], { type: 'required' })).not.toThrow();
    expect(check([], { type: 'none' })).not.toThrow();
  });
});

describe('refuses, and names what is wrong,', () => {
  test.each(['', 'with blank', 'umlaut-ä', 'a/b', 'x'.repeat(129)])('the name "%s"', (name) => {
    expect(check([['f'], [name]])).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        param: 'tools.1.name',
        message: expect.stringContaining(JSON.stringify(name)),
      }),
    );
  });

  test('a name that is given twice', () => {
    expect(check([['f'], ['g'], ['f']])).toThrow(
      expect.objectContaining({ param: 'tools.2.name', message: 'Two tools have the name "f".' }),
    );
  });

  test.each([
    [{ type: 'array' }, 'type must be "object"'],
    [{ type: 'object', properties: [] }, 'properties must be an object'],
    [{ type: 'object', required: 'a' }, 'required must be a list of names'],
  ])('the schema %j', (schema, complaint) => {
    expect(check([['f', schema]])).toThrow(
      expect.objectContaining({
        param: 'tools.0.schema',
        message: `The schema of the tool "f": ${complaint}.`,
      }),
    );
  });

  test.each<ToolChoice>([{ type: 'tool', name: 'f' }, { type: 'required' }])(
    'the choice %j without such a tool',
    (choice) => {
      expect(check([], choice)).toThrow(expect.objectContaining({ param: 'tool_choice' }));
    },
  );
});
