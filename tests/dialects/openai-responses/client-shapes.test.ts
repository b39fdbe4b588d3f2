import { describe, expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { answerWhole, call, cannedRun, reasoning, translate } from '../canned-run.ts';

/** What coding agents send to a model with the name of one of OpenAI's: the shape, none of their words. */

const apply_patch = {
  type: 'custom',
  name: 'apply_patch',
  description: 'Changes files.',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch"' },
};
const shell = {
  type: 'function',
  name: 'run_command',
  description: 'Runs a command.',
  parameters: { type: 'object', properties: { command: { type: 'string' } } },
  strict: false,
};
const hosted = [{ type: 'web_search' }, { type: 'image_generation' }];

const INPUT = [{ role: 'user', content: [{ type: 'input_text', text: 'Do it.' }] }];
const SHAPES = [
  [
    'Copilot CLI',
    {
      instructions: 'You are a coding agent.',
      include: ['reasoning.encrypted_content'],
      store: false,
      reasoning: { effort: 'medium', summary: 'auto' },
      parallel_tool_calls: true,
    },
  ],
  [
    'Cline, openai-native',
    {
      include: ['reasoning.encrypted_content'],
      store: false,
      reasoning: { effort: 'medium', summary: 'auto' },
      tool_choice: 'auto',
    },
  ],
] as const;

describe.each(SHAPES)('%s', (_name, fields) => {
  const body = {
    model: 'gpt-5.5',
    stream: true,
    tools: [shell, apply_patch, ...hosted],
    ...fields,
  };

  test('is offered the tools that it runs, and told of those that run at OpenAI', () => {
    const { request, isStream, ignored } = translate(openaiResponses, { ...body, input: INPUT });
    expect(request.tools.map(({ name }) => name)).toEqual(['run_command', 'apply_patch']);
    expect(isStream).toBe(true);
    expect(ignored).toEqual(['tools.2', 'tools.3', 'tools.1.format']);
  });

  test('what it was answered comes back whole', async () => {
    const said = [
      reasoning('Hm.', 'proof'),
      call('toolu_1', 'apply_patch', '{"input":"*** Begin Patch"}'),
      call('toolu_2', 'run_command', '{"command":"ls"}'),
    ];
    const run = cannedRun(said, { finish: 'tool-calls' });
    const { output } = (await answerWhole(openaiResponses, { ...body, input: INPUT }, run)) as {
      output: object[];
    };
    expect(output).toMatchObject([
      { type: 'reasoning', encrypted_content: expect.any(String) },
      { type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin Patch' },
      { type: 'function_call', name: 'run_command', arguments: '{"command":"ls"}' },
    ]);

    const results = [
      { type: 'custom_tool_call_output', call_id: 'toolu_1', output: 'Done.' },
      { type: 'function_call_output', call_id: 'toolu_2', output: 'a.txt' },
    ];
    const input = [...INPUT, ...output, ...results];
    const { messages } = translate(openaiResponses, { ...body, input }).request;
    expect(messages.map(({ parts }) => parts.map(({ type }) => type))).toEqual([
      ['text'],
      ['reasoning', 'tool-call', 'tool-call'],
      ['tool-result', 'tool-result'],
    ]);
  });
});
