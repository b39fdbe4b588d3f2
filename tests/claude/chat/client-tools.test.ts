import { describe, expect, test } from 'vitest';

import type { Tool, ToolResultPart } from '../../../src/run.ts';
import { canAnswerLive, createClientTools } from '../../../src/claude/chat/client-tools.ts';

const TOOL: Tool = {
  name: 'get.weather',
  description: 'Tells the weather.',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
};

const toResult = (changes: Partial<ToolResultPart>): ToolResultPart => ({
  type: 'tool-result',
  callId: 'toolu_1',
  content: [{ type: 'text', text: 'sun' }],
  isError: false,
  ...changes,
});

/** Says something to the tools as the CLI does; resolves with what they answer. */
function speak(tools: ReturnType<typeof createClientTools>, message: object, server = 'client') {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const request = { subtype: 'mcp_message', server_name: server, message };
  const isTaken = tools.handler(request, resolve);
  return { isTaken, answer: promise };
}

const toCall = (id: string, callId: string) => ({
  id,
  method: 'tools/call',
  params: { name: TOOL.name, _meta: { 'claudecode/toolUseId': callId } },
});

const IMAGE = {
  type: 'image',
  source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' },
} as const;

test('without tools nothing is said of them', () => {
  expect(createClientTools([]).manifest).toEqual({});
});

test('the tools are told in full with the handshake', async () => {
  const tools = createClientTools([TOOL]);
  const listed = {
    tools: [
      {
        name: 'get.weather',
        description: 'Tells the weather.',
        inputSchema: TOOL.inputSchema,
        annotations: { readOnlyHint: true },
        _meta: { 'anthropic/maxResultSizeChars': 500_000 },
      },
    ],
  };

  expect(tools.manifest).toMatchObject({
    sdkMcpServers: ['client'],
    sdkMcpServerManifests: { client: { toolsListResult: listed } },
  });
  expect(await speak(tools, { id: 2, method: 'tools/list' }).answer).toEqual({
    mcp_response: { jsonrpc: '2.0', id: 2, result: listed },
  });
});

test('the handshake is held in the version that the CLI asks for', async () => {
  const message = { id: 1, method: 'initialize', params: { protocolVersion: '2024-01-01' } };

  expect(await speak(createClientTools([TOOL]), message).answer).toMatchObject({
    mcp_response: { id: 1, result: { protocolVersion: '2024-01-01', capabilities: { tools: {} } } },
  });
});

test('what is not said to the tools is left to others', () => {
  const tools = createClientTools([TOOL]);

  expect(speak(tools, { id: 1, method: 'tools/list' }, 'another').isTaken).toBe(false);
  expect(tools.handler({ subtype: 'can_use_tool' }, () => undefined)).toBe(false);
});

test('a call waits for its own result', async () => {
  const tools = createClientTools([TOOL]);
  const one = speak(tools, toCall('a', 'toolu_1'));
  const two = speak(tools, toCall('b', 'toolu_2'));
  tools.answer(toResult({ callId: 'toolu_2', content: [{ type: 'text', text: 'snow' }, IMAGE] }));
  tools.answer(toResult({ callId: 'toolu_1', isError: true }));

  expect(await two.answer).toEqual({
    mcp_response: {
      jsonrpc: '2.0',
      id: 'b',
      result: {
        content: [
          { type: 'text', text: 'snow' },
          { type: 'image', data: 'AAAA', mimeType: 'image/png' },
        ],
      },
    },
  });
  expect(await one.answer).toMatchObject({
    mcp_response: { id: 'a', result: { content: [{ text: 'sun' }], isError: true } },
  });
});

test('it is known when all calls have come, in whichever order', async () => {
  const tools = createClientTools([TOOL]);
  speak(tools, toCall('a', 'toolu_2'));
  const all = tools.waitForCalls(['toolu_1', 'toolu_2']).then(() => 'all');
  const soon = () =>
    Promise.race([all, new Promise((resolve) => setImmediate(resolve, 'not yet'))]);

  expect(await soon()).toBe('not yet');
  speak(tools, toCall('b', 'toolu_1'));
  expect(await soon()).toBe('all');
});

const text = (length: number) => [{ type: 'text' as const, text: 'x'.repeat(length) }];

describe('a waiting call', () => {
  test.each<[string, Partial<ToolResultPart>]>([
    ['a text', {}],
    ['400,000 characters', { content: text(400_000) }],
    ['an image alone', { content: [IMAGE] }],
    ['a short error', { isError: true }],
    ['an error of 10,000 characters', { isError: true, content: text(10_000) }],
  ])('takes %s', (_, result) => {
    expect(canAnswerLive(toResult(result))).toBe(true);
  });

  test.each<[string, Partial<ToolResultPart>]>([
    ['nothing', { content: [] }],
    ['blanks', { content: [{ type: 'text', text: ' \n' }] }],
    ['400,001 characters', { content: text(400_001) }],
    ['as many in two texts', { content: [...text(200_000), ...text(200_001)] }],
    ['an image that is elsewhere', { content: [{ ...IMAGE, source: { kind: 'url', url: 'u' } }] }],
    [
      'a document',
      {
        content: [{ type: 'document', source: { kind: 'text', text: 'x' }, title: undefined }],
      },
    ],
    ['an error of 10,001 characters', { isError: true, content: text(10_001) }],
    ['an error with blanks around it', { isError: true, content: [{ type: 'text', text: 'x ' }] }],
    ['an error of two texts', { isError: true, content: [...text(1), ...text(1)] }],
    ['an error that is an image', { isError: true, content: [IMAGE] }],
  ])('does not take %s', (_, result) => {
    expect(canAnswerLive(toResult(result))).toBe(false);
  });
});
