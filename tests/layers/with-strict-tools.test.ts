import { expect, test } from 'vitest';

import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts';
import type { Dialect } from '../../src/dialects/dialect.ts';
import { openaiChat } from '../../src/dialects/openai-chat/index.ts';
import { openaiResponses } from '../../src/dialects/openai-responses/index.ts';
import { withStrictTools } from '../../src/layers/with-strict-tools.ts';
import type { RunEvent, RunFinish } from '../../src/run.ts';
import { call, cannedRun, translate } from '../dialects/canned-run.ts';

const SCHEMA = { type: 'object', properties: { size: { type: 'integer' } }, required: ['size'] };

const TOOL = { name: 'cut', parameters: SCHEMA };
const MESSAGES = [{ role: 'user', content: 'Cut it.' }];

/** The strict tool `cut` as each API is given it. */
const BODIES: readonly [string, Dialect<unknown>, object][] = [
  [
    'chat',
    openaiChat,
    { messages: MESSAGES, tools: [{ type: 'function', function: { ...TOOL, strict: true } }] },
  ],
  [
    'responses',
    openaiResponses,
    { input: 'Cut it.', tools: [{ type: 'function', ...TOOL, strict: true }] },
  ],
  [
    'messages',
    anthropicMessages,
    {
      max_tokens: 9,
      messages: MESSAGES,
      tools: [{ name: 'cut', input_schema: SCHEMA, strict: true }],
    },
  ],
];

const toChat = (more: object, parameters: object = SCHEMA) => ({
  messages: MESSAGES,
  tools: [{ type: 'function', function: { ...TOOL, parameters, ...more } }],
});

async function answer(
  dialect: Dialect<unknown>,
  body: object,
  json: string,
  finish: RunFinish = 'tool-calls',
) {
  const { request } = translate(dialect, { model: 'sonnet', ...body });
  const run = withStrictTools(() => cannedRun([call('c1', 'cut', json)], { finish }));
  const events: RunEvent[] = [];
  for await (const event of run(request, new AbortController().signal))
    if (event.type !== 'run-progress') events.push(event);
  return events.map(({ type }) => type);
}

const MISFIT = '{"size":"big"}';

test.each(BODIES)('a call that does not fit is a failure: %s', async (_name, dialect, body) => {
  await expect(answer(dialect, body, MISFIT)).rejects.toMatchObject({
    code: 'upstream-failed',
    message: expect.stringMatching(/strict tool "cut" .* answer\/size must be integer/),
  });
});

test.each(BODIES)('one that fits passes: %s', async (_name, dialect, body) => {
  expect(await answer(dialect, body, '{"size":3}')).toContain('run-end');
});

test.each([
  ['of another tool', toChat({ strict: false }), MISFIT, 'tool-calls'],
  ['that was cut off', toChat({ strict: true }), '{"si', 'length'],
  [
    'of a schema that checks nothing',
    toChat({ strict: true }, { type: 'object', properties: { size: { type: 'x' } } }),
    '{}',
    'tool-calls',
  ],
] as const)('a call %s passes as it is', async (_name, body, json, finish) => {
  expect(await answer(openaiChat, body, json, finish)).toContain('run-end');
});

test('no arguments at all are an empty object', async () => {
  await expect(answer(openaiChat, toChat({ strict: true }), '')).rejects.toMatchObject({
    message: expect.stringContaining("must have required property 'size'"),
  });
});
