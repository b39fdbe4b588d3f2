import { beforeAll, describe, expect, test } from 'vitest';

import { textReply } from '../../src/demo/replies.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import {
  anthropicMessages,
  ask,
  type GivenTool,
  openaiChat,
  TOOL_DIALECTS,
} from './tool-dialects.ts';
import { lastRequest } from './upstream.ts';

const QUESTION = { user: 'Hello.' };

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy({ answer: () => textReply('ok') });
});

/** What arrives upstream beside a set of tools. */
async function offer(tools: readonly GivenTool[], dialect = anthropicMessages) {
  await ask(proxy, dialect, { turns: [QUESTION], tools });
  return lastRequest(proxy).body;
}

test.each(TOOL_DIALECTS)(
  '$name: tools arrive as they were given, and no others',
  async (dialect) => {
    const tools = [
      {
        name: 'x'.repeat(128),
        description: 'Has definitions.',
        schema: {
          $schema: 'http://json-schema.org/draft-07/schema#',
          type: 'object',
          $defs: { unit: { type: 'string', enum: ['C', 'F'] } },
          properties: {
            unit: { $ref: '#/$defs/unit' },
            when: { oneOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
            list: { type: 'array', items: { anyOf: [{ type: 'number' }, { const: 'all' }] } },
          },
          required: ['unit'],
          additionalProperties: false,
        },
      },
      { name: 'with.dot', description: 'Two.\nLines, and "quotes".', schema: { type: 'object' } },
    ];
    const body = await offer(tools, dialect);

    const arrived = body.tools?.toSorted((one, other) => other.name.length - one.name.length);
    expect(arrived).toMatchObject(
      tools.map(({ name, description, schema }) => ({ name, description, input_schema: schema })),
    );
    expect(arrived?.map(({ input_schema: schema }) => schema)[0]).toEqual(tools[0]?.schema);
  },
);

test('a tool without parameters is a tool', async () => {
  const { tools } = await offer([{ name: 'now', schema: {} }], openaiChat);

  expect(tools).toMatchObject([{ name: 'now', input_schema: { type: 'object' } }]);
});

describe('nothing is told to the model beside a tool that is called', () => {
  let neutral: unknown;
  beforeAll(async () => {
    neutral = toRest(await offer([{ name: 'neutral' }]));
  });

  test.each([
    ['Bash', 'Read', 'Edit', 'Write', 'Glob', 'Grep', 'NotebookEdit', 'LSP', 'Monitor'],
    ['Task', 'Agent', 'TodoWrite', 'TaskCreate', 'TaskOutput', 'SendMessage', 'KillShell'],
    ['Skill', 'WebFetch', 'WebSearch', 'AskUserQuestion', 'EnterPlanMode', 'ExitPlanMode'],
    ['StructuredOutput', 'ListMcpResourcesTool', 'mcp__x', 'mcp__client__y', 'client'],
  ])('%s, %s, %s …', async (...names) => {
    const body = await offer(names.map((name) => ({ name })));

    expect(new Set(body.tools?.map(({ name }) => name))).toEqual(new Set(names));
    expect(toRest(body)).toEqual(neutral);
  });
});

describe('what cannot be offered is a 400 that names the tool, before anything goes upstream:', () => {
  test.each([
    ['a bad name', [{ name: 'good' }, { name: 'not good' }], 'not good', 'tools.1'],
    ['a name given twice', [{ name: 'same' }, { name: 'same' }], 'same', 'tools.1'],
    ['no object', [{ name: 'list', schema: { type: 'array' } }], 'list', 'tools.0'],
    [
      'a type that is none',
      [{ name: 'odd', schema: toSchema({ size: { type: 'huge' } }) }],
      'odd',
      'tools.0',
    ],
    [
      'a choice of nothing',
      [{ name: 'odd', schema: toSchema({ size: { anyOf: [] } }) }],
      'odd',
      'tools.0',
    ],
  ])('%s', async (_, tools, name, param) => {
    const seen = proxy.model.requests.length;
    const responses = TOOL_DIALECTS.map((dialect) =>
      proxy.send(dialect.path, dialect.toBody({ turns: [QUESTION], tools })),
    );
    const [openai, anthropic] = await Promise.all(responses);

    expect(openai?.status).toBe(400);
    expect(await openai?.json()).toMatchObject({
      error: {
        message: expect.stringContaining(JSON.stringify(name)),
        param: expect.stringContaining(param),
      },
    });
    expect(anthropic?.status).toBe(400);
    expect(await anthropic?.json()).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining(JSON.stringify(name)) },
    });
    expect(proxy.model.requests).toHaveLength(seen);
  });

  test('the choice of a tool that is not there', async () => {
    const response = await proxy.send(
      openaiChat.path,
      openaiChat.toBody({ turns: [QUESTION], tools: [{ name: 'f' }], choice: { name: 'g' } }),
    );

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'tool_choice' } });
  });
});

/** A schema with these properties. */
function toSchema(properties: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return { type: 'object', properties, ...more };
}

/** Everything that the model reads but its tools; ids of processes are not for reading. */
function toRest({ messages, system }: Awaited<ReturnType<typeof offer>>) {
  return { messages, system };
}
