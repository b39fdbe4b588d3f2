import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { answerStreamed, answerWhole, call, cannedRun, text, translate } from '../canned-run.ts';

type Tool = OpenAI.Responses.Tool;
type Item = OpenAI.Responses.ResponseOutputItem;
type InputItem = OpenAI.Responses.ResponseInputItem;

const toTranslated = (fields: object) =>
  translate(openaiResponses, { model: 'sonnet', input: 'Hi', ...fields });

const answer = (fields: object, run: ReturnType<typeof cannedRun>) =>
  answerWhole(openaiResponses, { model: 'sonnet', input: 'Hi', ...fields }, run) as Promise<{
    output: Item[];
    tools: object[];
  }>;

const nothing = { type: 'object', properties: {} } as const;

const lab: Tool = {
  type: 'namespace',
  name: 'mcp__lab',
  description: 'A laboratory.',
  tools: [
    { type: 'function', name: 'add', parameters: nothing },
    { type: 'custom', name: 'note' },
  ],
};

type Row = {
  tool: Tool;
  /** The name under which the model knows it. */
  offered: string;
  /** What the model gives it. */
  input: object;
  called: Partial<Item>;
  /** What the caller brings back. */
  output: Partial<InputItem>;
  found: { text: string; isError?: boolean };
};

const ROWS: readonly Row[] = [
  {
    tool: { type: 'custom', name: 'apply', description: 'Applies.' },
    offered: 'apply',
    input: { input: '*** Begin Patch\n"ü"' },
    called: { type: 'custom_tool_call', name: 'apply', input: '*** Begin Patch\n"ü"' },
    output: { type: 'custom_tool_call_output', output: 'Done' },
    found: { text: 'Done' },
  },
  {
    tool: lab,
    offered: 'mcp__lab__add',
    input: { a: 1 },
    called: {
      type: 'function_call',
      name: 'add',
      namespace: 'mcp__lab',
      arguments: '{"a":1}',
    },
    output: { type: 'function_call_output', output: '3' },
    found: { text: '3' },
  },
  {
    tool: lab,
    offered: 'mcp__lab__note',
    input: { input: 'x' },
    called: { type: 'custom_tool_call', name: 'note', namespace: 'mcp__lab', input: 'x' },
    output: { type: 'custom_tool_call_output', output: 'Noted' },
    found: { text: 'Noted' },
  },
  {
    tool: { type: 'local_shell' },
    offered: 'local_shell',
    input: { command: ['ls', '-l'], working_directory: '/srv' },
    called: {
      type: 'local_shell_call',
      action: {
        type: 'exec',
        command: ['ls', '-l'],
        env: {},
        working_directory: '/srv',
      },
    },
    output: { type: 'local_shell_call_output', output: 'a.txt' },
    found: { text: 'a.txt' },
  },
  {
    tool: { type: 'shell', environment: { type: 'local' } },
    offered: 'shell',
    input: { commands: ['ls'], timeout_ms: 500 },
    called: {
      type: 'shell_call',
      action: { commands: ['ls'], timeout_ms: 500, max_output_length: null },
      environment: null,
    },
    output: {
      type: 'shell_call_output',
      output: [{ stdout: 'a', stderr: 'b', outcome: { type: 'exit', exit_code: 1 } }],
    },
    found: { text: 'a\nstderr:\nb\nExit code: 1' },
  },
  {
    tool: { type: 'apply_patch' },
    offered: 'apply_patch',
    input: { type: 'update_file', path: 'a.txt', diff: '@@\n-a\n+b' },
    called: {
      type: 'apply_patch_call',
      operation: { type: 'update_file', path: 'a.txt', diff: '@@\n-a\n+b' },
    },
    output: { type: 'apply_patch_call_output', status: 'failed', output: 'No such file' },
    found: { text: 'No such file', isError: true },
  },
  {
    tool: { type: 'computer' },
    offered: 'computer',
    input: { actions: [{ type: 'click', x: 1, y: 2, button: 'left' }] },
    called: {
      type: 'computer_call',
      actions: [{ type: 'click', x: 1, y: 2, button: 'left' }],
      pending_safety_checks: [],
    },
    output: { type: 'computer_call_output' },
    found: { text: 'data:image/png;base64,iVBORw0KGgo=' },
  },
  {
    tool: {
      type: 'computer_use_preview',
      display_width: 800,
      display_height: 600,
      environment: 'browser',
    },
    offered: 'computer',
    input: { action: { type: 'screenshot' } },
    called: {
      type: 'computer_call',
      action: { type: 'screenshot' },
      pending_safety_checks: [],
    },
    output: { type: 'computer_call_output' },
    found: { text: 'data:image/png;base64,iVBORw0KGgo=' },
  },
  {
    tool: { type: 'tool_search', execution: 'client' },
    offered: 'tool_search',
    input: { query: 'add' },
    called: { type: 'tool_search_call', execution: 'client', arguments: { query: 'add' } },
    output: { type: 'tool_search_output', execution: 'client', tools: [lab] },
    found: {
      text: 'These tools can be called now:\n- mcp__lab (add, note): A laboratory.',
    },
  },
];

describe.for(ROWS)('$tool.type: $offered', ({ tool, offered, input, called, output, found }) => {
  const run = () =>
    cannedRun([call('toolu_1', offered, JSON.stringify(input))], { finish: 'tool-calls' });
  const screenshot = { type: 'computer_screenshot', image_url: found.text };
  const result = {
    call_id: 'toolu_1',
    ...output,
    ...(output.type === 'computer_call_output' && { output: screenshot }),
  };

  test('is offered as a function, and a call comes back as its own item', async () => {
    const { request } = toTranslated({ tools: [tool] });
    expect(request.tools.map(({ name }) => name)).toContain(offered);
    const { output: items, tools } = await answer({ tools: [tool] }, run());
    expect(items).toEqual([
      {
        id: expect.stringMatching(/^[a-z]+_1_0$/),
        call_id: 'toolu_1',
        status: 'completed',
        ...called,
      },
    ]);
    expect(tools).toEqual([tool]);
  });

  test('streams the same item', async () => {
    const body = { model: 'sonnet', input: 'Hi', tools: [tool], stream: true };
    const messages = await answerStreamed(openaiResponses, body, run());
    const events = messages.map(({ data }) => JSON.parse(data) as { type: string; item?: Item });
    const ofItem = events.filter(({ item }) => item).map(({ type, item }) => [type, item]);
    const [whole] = (await answer({ tools: [tool] }, run())).output;
    expect(ofItem).toEqual([
      ['response.output_item.added', expect.objectContaining({ type: whole?.type, id: whole?.id })],
      ['response.output_item.done', whole],
    ]);
  });

  test('call and result come back as the model said and heard them', async () => {
    const { output: items } = await answer({ tools: [tool] }, run());
    const history = [{ role: 'user', content: 'Hi' }, ...items, result];
    const { messages } = toTranslated({ tools: [tool], input: history }).request;
    expect(messages.slice(1)).toMatchObject([
      {
        role: 'assistant',
        parts: [{ type: 'tool-call', id: 'toolu_1', name: offered, input }],
      },
      {
        role: 'user',
        parts: [
          {
            type: 'tool-result',
            callId: 'toolu_1',
            content: [found.text.startsWith('data:') ? { type: 'image' } : { text: found.text }],
            isError: found.isError ?? false,
          },
        ],
      },
    ]);
  });
});

test('a text argument is streamed as the text that it is', async () => {
  const tools = [{ type: 'custom', name: 'apply' }];
  const pieces = ['{"in', 'put": "a\\', 'nb \\ud83d', '\\ude00', ' \\"c', '"}'];
  const messages = await answerStreamed(
    openaiResponses,
    { model: 'sonnet', input: 'Hi', tools, stream: true },
    cannedRun([call('toolu_1', 'apply', ...pieces)], { finish: 'tool-calls' }),
  );
  const events = messages.map(({ data }) => JSON.parse(data) as { type: string });
  const ofText = events.filter(({ type }) => type.includes('custom_tool_call_input'));
  const where = { item_id: 'ctc_1_0', output_index: 0 };
  const input = 'a\nb 😀 "c';
  expect(ofText).toMatchObject([
    ...['a', '\nb ', '😀', ' "c'].map((delta) => ({
      type: 'response.custom_tool_call_input.delta',
      ...where,
      delta,
    })),
    { type: 'response.custom_tool_call_input.done', ...where, input },
  ]);
});

test.for<[json: string, input: string]>([
  ['', ''],
  ['{"input":"cut o', 'cut o'],
  ['{"patch":"a"}', '{"patch":"a"}'],
  ['["a"]', '["a"]'],
  ['{"pa', '{"pa'],
])('a custom tool called with %j gets %j', async ([json, input]) => {
  const tools = [{ type: 'custom', name: 'apply' }];
  const run = () => cannedRun([call('toolu_1', 'apply', json)], { finish: 'length' });
  expect((await answer({ tools }, run())).output).toMatchObject([{ input, status: 'incomplete' }]);
  const body = { model: 'sonnet', input: 'Hi', tools, stream: true };
  const events = (await answerStreamed(openaiResponses, body, run())).map(
    ({ data }) => JSON.parse(data) as { type: string; delta?: string },
  );
  const deltas = events.filter(({ type }) => type === 'response.custom_tool_call_input.delta');
  expect(deltas.map(({ delta }) => delta).join('')).toBe(input);
});

test('the grammar of a text argument is told to the model, and named as not guaranteed', () => {
  const format = { type: 'grammar', syntax: 'lark', definition: 'start: "a"+' };
  const { request, ignored } = toTranslated({
    tools: [{ type: 'custom', name: 'a', description: 'Does a.', format }],
  });
  expect(request.tools[0]?.description).toBe(
    'Does a.\n\nThe text in "input" must match this grammar (lark):\n\nstart: "a"+',
  );
  expect(ignored).toEqual(['tools.0.format']);
});

const HOSTED: Tool[] = [
  { type: 'web_search' },
  { type: 'web_search_2025_08_26' },
  { type: 'web_search_preview_2025_03_11' },
  { type: 'file_search', vector_store_ids: ['vs_1'] },
  { type: 'code_interpreter', container: { type: 'auto' } },
  { type: 'image_generation' },
  { type: 'mcp', server_label: 'lab', server_url: 'https://mcp.example' },
  { type: 'tool_search' },
  { type: 'shell', environment: { type: 'container_auto' } },
];

test.for(HOSTED)('$type is left out, and named by its path', (tool) => {
  const { request, ignored } = toTranslated({ tools: [{ type: 'function', name: 'f' }, tool] });
  expect(request.tools.map(({ name }) => name)).toEqual(['f']);
  expect(ignored).toEqual(['tools.1']);
});

test.for<[choice: object, tool: string]>([
  [{ type: 'custom', name: 'apply' }, 'apply'],
  [{ type: 'function', name: 'add', namespace: 'mcp__lab' }, 'mcp__lab__add'],
  [{ type: 'shell' }, 'shell_2'],
  [{ type: 'apply_patch' }, 'apply_patch'],
  [{ type: 'computer_use_preview' }, 'computer'],
])('the choice of %j is that of %s', ([choice, name]) => {
  const tools = [
    { type: 'shell' },
    { type: 'function', name: 'shell' },
    { type: 'custom', name: 'apply' },
    { type: 'apply_patch' },
    { type: 'computer' },
    lab,
  ];
  expect(toTranslated({ tools, tool_choice: choice }).request.toolChoice).toEqual({
    type: 'tool',
    name,
  });
});

test('only some of the tools are allowed, of any kind', () => {
  const tools = [{ type: 'shell' }, { type: 'custom', name: 'apply' }, lab];
  const toNames = (...allowed: object[]) =>
    toTranslated({
      tools,
      tool_choice: { type: 'allowed_tools', mode: 'auto', tools: allowed },
    }).request.tools.map(({ name }) => name);
  expect(toNames({ type: 'shell' }, { type: 'mcp', server_label: 'x' })).toEqual(['shell']);
  expect(toNames({ type: 'custom', name: 'apply' })).toEqual(['apply']);
  expect(toNames({ type: 'namespace', name: 'mcp__lab' })).toEqual([
    'mcp__lab__add',
    'mcp__lab__note',
  ]);
});

test('two tools of one name in different namespaces stay two', async () => {
  const inner = [{ type: 'function', name: 'c' }];
  const tools = [
    { type: 'function', name: 'a__b__c' },
    { type: 'namespace', name: 'a', tools: [{ type: 'function', name: 'b__c' }] },
    { type: 'namespace', name: 'a__b', tools: inner },
  ];
  const names = toTranslated({ tools }).request.tools.map(({ name }) => name);
  expect(names).toEqual(['a__b__c', 'a__b__c_2', 'a__b__c_3']);
  const calls = names.map((name, index) => call(`toolu_${index}`, name));
  const { output } = await answer({ tools }, cannedRun(calls, { finish: 'tool-calls' }));
  expect(output).toMatchObject([
    { name: 'a__b__c' },
    { name: 'b__c', namespace: 'a' },
    { name: 'c', namespace: 'a__b' },
  ]);
  const { messages } = toTranslated({
    tools,
    input: [
      'Hi',
      ...output,
      ...names.map((_, index) => ({
        type: 'function_call_output',
        call_id: `toolu_${index}`,
        output: 'ok',
      })),
    ].map((item) => (item === 'Hi' ? { role: 'user', content: item } : item)),
  }).request;
  expect(messages[1]?.parts).toMatchObject(names.map((name) => ({ name })));
});

test('tools come in the middle of a conversation, and a later one of a name replaces it', async () => {
  const tools = [{ type: 'function', name: 'f', description: 'Old.' }];
  const input = [
    { role: 'user', content: 'Hi' },
    {
      type: 'additional_tools',
      role: 'developer',
      tools: [{ type: 'function', name: 'f', description: 'New.' }, { type: 'web_search' }],
    },
    {
      type: 'tool_search_call',
      call_id: 'toolu_1',
      execution: 'client',
      arguments: { query: 'x' },
    },
    { type: 'tool_search_output', call_id: 'toolu_1', execution: 'client', tools: [lab] },
  ];
  const { request, ignored } = toTranslated({ tools, input });
  expect(request.tools).toMatchObject([
    { name: 'f', description: 'New.' },
    { name: 'mcp__lab__add' },
    { name: 'mcp__lab__note' },
  ]);
  expect(ignored).toEqual(['input.1.tools.1']);
  const { output } = await answer({ tools, input }, cannedRun([call('toolu_2', 'mcp__lab__add')]));
  expect(output).toMatchObject([{ name: 'add', namespace: 'mcp__lab', arguments: '{}' }]);
});

test.for<[said: string, item: object]>([
  ['assistant', { type: 'web_search_call', id: 'ws_1', action: { type: 'search', query: 'x' } }],
  ['assistant', { type: 'file_search_call', id: 'fs_1', queries: ['x'], results: null }],
  ['assistant', { type: 'code_interpreter_call', id: 'ci_1', code: 'x', outputs: [] }],
  ['assistant', { type: 'image_generation_call', id: 'ig_1', revised_prompt: 'x', result: 'iVBO' }],
  ['assistant', { type: 'mcp_list_tools', id: 'm_1', server_label: 'x', tools: [] }],
  ['assistant', { type: 'mcp_approval_request', id: 'm_2', name: 'x', arguments: '{}' }],
  ['user', { type: 'mcp_approval_response', approval_request_id: 'x', approve: true }],
  ['assistant', { type: 'mcp_call', id: 'm_3', name: 'x', arguments: '{}', output: 'x' }],
  ['assistant', { type: 'program', id: 'p_1', call_id: 'c_1', code: 'x', fingerprint: 'f' }],
  ['assistant', { type: 'program_output', id: 'p_2', call_id: 'c_1', result: 'x' }],
  ['assistant', { type: 'tool_search_call', call_id: null, arguments: { query: 'x' } }],
])('what the host did is text of the %s: %j', ([role, item]) => {
  const input = [
    { role: 'user', content: 'Hi' },
    item,
    { role: role === 'user' ? 'assistant' : 'user', content: 'And?' },
    { role: 'user', content: 'Go on.' },
  ];
  const { messages } = toTranslated({ input }).request;
  const said = messages.filter((message) => message.role === role).flatMap(({ parts }) => parts);
  const told = said.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
  expect(told).toContain('x');
  expect(told).not.toContain('iVBO');
  expect(told).not.toContain('null');
});

test('what agents of Codex tell each other is said to the model', () => {
  const input = [
    { role: 'developer', content: 'You are an agent.' },
    {
      type: 'agent_message',
      id: 'amsg_1',
      author: '/root',
      recipient: '/root/one',
      content: [
        { type: 'input_text', text: 'Message Type: NEW_TASK' },
        { type: 'encrypted_content', encrypted_content: 'Say hi.' },
      ],
    },
  ];
  expect(toTranslated({ input }).request.messages).toMatchObject([
    {
      role: 'user',
      parts: [{ text: '[From /root to /root/one]\nMessage Type: NEW_TASK\nSay hi.' }],
    },
  ]);
});

test('settings in the middle of a conversation are named, not refused', () => {
  const input = [
    { role: 'user', content: 'Hi' },
    { type: 'configuration_update', reasoning: { effort: 'high' } },
  ];
  expect(toTranslated({ input }).ignored).toEqual(['input.1']);
});

test('a result of a local shell may name only the item of its call', () => {
  const action = { type: 'exec', command: ['ls'], env: {} };
  const input = [
    { role: 'user', content: 'Hi' },
    { type: 'local_shell_call', id: 'lsh_1', call_id: 'toolu_1', action, status: 'completed' },
    { type: 'local_shell_call_output', id: 'lsh_1', output: 'a.txt' },
  ];
  expect(toTranslated({ input }).request.messages.at(-1)?.parts).toMatchObject([
    { type: 'tool-result', callId: 'toolu_1' },
  ]);
});

describe('a compaction in place of an answer', () => {
  const said = [
    { role: 'user', content: 'Hi' },
    { type: 'function_call', call_id: 'toolu_1', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'toolu_1', output: '1' },
  ];
  const tools = [{ type: 'function', name: 'f' }];

  test.for(['compaction_trigger', 'context_compaction'])('%s asks for it', async (type) => {
    const input = [...said, { type }];
    const { request } = toTranslated({ input, tools });
    expect(request.tools).toEqual([]);
    expect(request.messages.at(-1)?.parts.at(-1)).toMatchObject({
      text: expect.stringMatching(/^Summarize the conversation/),
    });
    const { output } = await answer({ input, tools }, cannedRun([text('They ', 'met.')]));
    expect(output).toEqual([
      { type: 'compaction', id: 'cmp_1_0', encrypted_content: expect.any(String) },
    ]);
    const next = toTranslated({ input: [...output, { role: 'user', content: 'And?' }] });
    expect(next.request.messages[0]?.parts).toMatchObject([
      { text: 'A summary of the conversation so far:\n\nThey met.' },
      { text: 'And?' },
    ]);
  });

  test('it is streamed whole', async () => {
    const input = [...said, { type: 'compaction_trigger' }];
    const body = { model: 'sonnet', input, tools, stream: true };
    const messages = await answerStreamed(openaiResponses, body, cannedRun([text('They met.')]));
    expect(messages.map(({ event }) => event)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.output_item.done',
      'response.completed',
    ]);
  });

  test('a refusal is none', async () => {
    const input = [...said, { type: 'compaction_trigger' }];
    const { output } = await answer({ input }, cannedRun([text('No')], { finish: 'refusal' }));
    expect(output).toMatchObject([{ type: 'message', content: [{ type: 'refusal' }] }]);
  });
});
