import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { TRIALS } from '../../../src/dashboard/trials.ts';
import type { Run, RunRequest } from '../../../src/run.ts';
import { createTestApp, post, sayHello } from '../../support/create-test-app.ts';

const Described = z.object({ path: z.string(), body: z.looseObject({}) });
const Refused = z.object({ error: z.object({ message: z.string(), param: z.string() }) });

const INPUT_SCHEMA = { type: 'object', properties: { city: { type: 'string' } } };

const MESSAGES = [
  { role: 'user', text: 'Look.', images: [{ mediaType: 'image/png', data: 'iVBORw0KGgo=' }] },
  {
    role: 'assistant',
    text: 'I ask.',
    calls: [{ id: 'call_1', name: 'find', input: { city: 'A' } }],
  },
  { role: 'tool', callId: 'call_1', name: 'find', text: 'Found.' },
  { role: 'user', text: 'And now?' },
];

/** All that a form can hold. */
const FIELDS = {
  system: 'Be brief.',
  tools: [{ name: 'find', description: 'Finds.', parameters: INPUT_SCHEMA }],
  schema: { type: 'object' },
  temperature: 0.5,
  topP: 0.9,
  maxTokens: 300,
  stop: ['END'],
  effort: 'low',
  thinking: 'on',
  agent: {
    workingDirectory: '/srv',
    permissionMode: 'acceptEdits',
    allowedTools: ['Read'],
    disallowedTools: ['Bash'],
  },
};

/** What a run is asked for each of them. */
const ASKED = {
  system: { instructions: ['Be brief.'] },
  tools: { tools: [{ name: 'find', description: 'Finds.', inputSchema: INPUT_SCHEMA }] },
  schema: { output: { type: 'json', schema: { type: 'object' } } },
  temperature: { sampling: { temperature: 0.5 } },
  topP: { sampling: { topP: 0.9 } },
  maxTokens: { sampling: { maxOutputTokens: 300 } },
  stop: { sampling: { stop: ['END'] } },
  effort: { effort: 'low' },
  thinking: { thinking: { type: 'adaptive' } },
  agent: { agent: FIELDS.agent },
};

describe.each(TRIALS)('$title', (trial) => {
  const { name, takes } = trial;
  const dialect = name;
  const fields = Object.keys(FIELDS).filter((field) => takes.some((one) => one === field));

  test.each(fields)('%s reaches the run', async (field) => {
    const { asked, ignored } = await send({
      dialect,
      messages: [{ role: 'user', text: 'Good morning.' }],
      [field]: FIELDS[field as keyof typeof FIELDS],
    });
    // An agent's own system prompt is no instruction of a conversation.
    const expected =
      field === 'system' && dialect === 'direct'
        ? { agent: { systemPrompt: 'Be brief.' } }
        : ASKED[field as keyof typeof ASKED];
    expect(asked).toMatchObject(expected);
    expect(ignored).toBeNull();
  });

  test('a conversation keeps its roles, its picture, its call and the result', async () => {
    const { asked, ignored } = await send({ dialect, messages: MESSAGES, tools: FIELDS.tools });
    expect(asked?.messages).toMatchObject(toExpected(takes));
    expect(ignored).toBeNull();
  });
});

test.each([
  ['tools', { name: 'x' }, 'must be a list of tools'],
  ['tools.0.name', [{ title: 'x' }], 'is missing'],
  ['schema', [1], 'must be a JSON Schema: an object'],
])('%s of %j is refused by name', async (param, value, words) => {
  const [field = ''] = param.split('.');
  const form = { dialect: 'openai-chat', model: 'sonnet', messages: [], [field]: value };
  const response = await post(createTestApp(), '/dashboard/trial', form);
  const { error } = Refused.parse(await response.json());
  expect([response.status, error.param]).toEqual([400, param]);
  expect(error.message).toContain(words);
});

async function send(form: object) {
  let asked: RunRequest | undefined;
  const run: Run = (request, signal) => {
    asked = request;
    return sayHello(request, signal);
  };
  const app = createTestApp({ run });
  const described = await post(app, '/dashboard/trial', {
    model: 'sonnet',
    isWhole: true,
    ...form,
  });
  const { path, body } = Described.parse(await described.json());
  const response = await post(app, path, body);
  expect([response.status, await response.text()]).toEqual([200, expect.anything()]);
  return { asked, ignored: response.headers.get('x-ignored-params') };
}

function toExpected(takes: readonly string[]) {
  const last = { type: 'text', text: 'And now?' };
  if (!takes.includes('conversation')) return [{ role: 'user', parts: [last] }];
  return [
    {
      role: 'user',
      parts: expect.arrayContaining([
        expect.objectContaining({ type: 'text', text: 'Look.' }),
        expect.objectContaining({ type: 'image' }),
      ]),
    },
    {
      role: 'assistant',
      parts: [
        { type: 'text', text: 'I ask.' },
        { type: 'tool-call', id: 'call_1', name: 'find', input: { city: 'A' } },
      ],
    },
    {
      role: 'user',
      parts: [{ type: 'tool-result', callId: 'call_1', content: [{ text: 'Found.' }] }, last],
    },
  ];
}
