import type Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';

import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts';
import { complaintOf } from '../complaint.ts';
import { translate } from '../canned-run.ts';

const ASK = { role: 'user', content: 'Hi' };
const BODY = { model: 'sonnet', max_tokens: 100, messages: [ASK] };
const F = { name: 'f', input_schema: { type: 'object' } };
const SEARCH: Anthropic.ToolUnion = { type: 'web_search_20250305', name: 'web_search' };

const toTranslated = (fields: object) => translate(anthropicMessages, { ...BODY, ...fields });

test.for<[tool: Anthropic.Beta.BetaToolUnion, argument: string, of: string[]]>([
  [{ type: 'bash_20250124', name: 'bash' }, 'command', []],
  [{ type: 'text_editor_20241022', name: 'str_replace_editor' }, 'command', ['undo_edit']],
  [{ type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' }, 'command', ['insert']],
  [{ type: 'memory_20250818', name: 'memory' }, 'command', ['rename']],
  [
    {
      type: 'computer_20251124',
      name: 'computer',
      display_width_px: 800,
      display_height_px: 600,
      enable_zoom: true,
    },
    'action',
    ['left_click', 'zoom'],
  ],
])('%j is offered under its name', ([tool, argument, values]) => {
  const { request, ignored } = toTranslated({ tools: [tool] });
  const name = 'name' in tool ? tool.name : '';
  expect(request.tools).toMatchObject([
    { name, inputSchema: { type: 'object', properties: { [argument]: { type: 'string' } } } },
  ]);
  const json = JSON.stringify(request.tools);
  expect(values.filter((value) => !json.includes(`"${value}"`))).toEqual([]);
  expect(ignored).toEqual([]);
});

test('only the first editors undo, and only a screen that zooms has zoom', () => {
  const json = JSON.stringify(
    toTranslated({
      tools: [
        { type: 'text_editor_20250429', name: 'edit' },
        { type: 'computer_20250124', name: 'computer', display_width_px: 1, display_height_px: 1 },
      ],
    }).request.tools,
  );
  expect(json).not.toContain('undo_edit');
  expect(json).not.toContain('zoom');
});

test.for([
  SEARCH,
  { type: 'web_fetch_20250910', name: 'web_fetch' },
  { type: 'code_execution_20250825', name: 'code_execution' },
  { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' },
  { type: 'mcp_toolset', mcp_server_name: 'lab' },
])('$type is left out, and named by its path', (tool) => {
  const { request, ignored } = toTranslated({ tools: [tool, F] });
  expect(request.tools).toMatchObject([{ name: 'f', path: 'tools.1.input_schema' }]);
  expect(ignored).toEqual(['tools.0']);
});

test.for<[param: string, fields: object]>([
  ['tools', { tools: [SEARCH] }],
  ['tool_choice', { tools: [SEARCH, F], tool_choice: { type: 'tool', name: 'web_search' } }],
])('names %s: %j', async ([param, fields]) => {
  const complaint = await complaintOf(anthropicMessages, { ...BODY, ...fields });
  expect(complaint).toMatchObject({ code: 'invalid-request', param });
  expect(complaint.message).toContain('none of the tools that Anthropic runs');
});

test('a complaint about a tool behind a hosted one names its own place', async () => {
  const tools = [SEARCH, { ...F, name: 'a b' }];
  expect(await complaintOf(anthropicMessages, { ...BODY, tools })).toMatchObject({
    param: 'tools.1.name',
  });
});

test.for<[role: string, block: object]>([
  ['assistant', { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'x' } }],
  [
    'assistant',
    {
      type: 'web_search_tool_result',
      tool_use_id: 's1',
      content: [{ type: 'web_search_result', title: 'x', url: 'u', encrypted_content: 'E4' }],
    },
  ],
  [
    'assistant',
    { type: 'code_execution_tool_result', tool_use_id: 's1', content: { stdout: 'x' } },
  ],
  ['user', { type: 'container_upload', file_id: 'x' }],
  [
    'user',
    { type: 'search_result', source: 'u', title: 't', content: [{ type: 'text', text: 'x' }] },
  ],
])('in a history of the %s %j is text', ([role, block]) => {
  const said = { role, content: [{ type: 'text', text: 'See:' }, block] };
  const messages = role === 'user' ? [said] : [ASK, said, ASK];
  const { request } = toTranslated({ messages });
  const parts = request.messages.find((message) => message.role === role)?.parts;
  const told = parts?.map((part) => (part.type === 'text' ? part.text : '?')).join('');
  expect(told).toContain('x');
  expect(told).not.toContain('?');
  expect(told).not.toContain('E4');
});

test('a document in pieces is one text, and a tool that was found is told', () => {
  const source = { type: 'content', content: [{ type: 'text', text: 'One.' }] };
  const call = { type: 'tool_use', id: 't1', name: 'f', input: {} };
  const found = { type: 'tool_reference', tool_name: 'g' };
  const messages = [
    { role: 'user', content: [{ type: 'document', source, title: 'T' }] },
    { role: 'assistant', content: [call] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: [found] }] },
  ];
  const { request } = toTranslated({ messages, tools: [F] });
  expect(request.messages[0]?.parts).toMatchObject([
    { type: 'document', source: { kind: 'text', text: 'One.' }, title: 'T' },
  ]);
  expect(request.messages[2]?.parts).toMatchObject([
    { content: [{ text: 'The tool g can be called.' }] },
  ]);
});
