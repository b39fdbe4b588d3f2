import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  type Reply,
  type Step,
  type StepsReply,
  textReply,
  toolReply,
} from '../../src/demo/replies.ts';
import { readSse } from '../support/read-sse.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readProcesses, untilNoProcess } from '../support/watch-place.ts';
import { ask, openaiChat, WAYS } from './tool-dialects.ts';
import { lastRequest, toProcess, toSpoken } from './upstream.ts';

const TOOLS = [
  {
    name: 'get_weather',
    schema: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
];
const QUESTION = { user: 'How is the weather?' };
const GOOD = { id: 'toolu_good', name: 'get_weather', input: { city: 'Rome' } };
const UNKNOWN = { id: 'toolu_unknown', name: 'get_time', input: { zone: 'UTC' } };
const UNFIT = { id: 'toolu_unfit', name: 'get_weather', input: { town: 7 } };

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({ settings: ONE_EACH });
});
afterAll(() => proxy.stop());

describe.each(WAYS)('$name', ({ dialect, stream }) => {
  test.each([
    ['of a tool that was not given', [UNKNOWN], false],
    ['behind one of a tool that was not given', [UNKNOWN, GOOD], false],
    ['that does not fit the schema', [UNFIT], true],
  ])('a call %s comes as the model made it, and its result is used', async (_, made, isHot) => {
    const seen = proxy.model.requests.length;
    proxy.model.answer = answerCalls(toolReply(made));
    const called = await ask(proxy, dialect, { turns: [QUESTION], tools: TOOLS, stream });

    expect(called).toMatchObject({ text: '', reason: dialect.reasons.calls });
    expect(called.calls.map(({ id, name, json }) => ({ id, name, input: readJson(json) }))).toEqual(
      made,
    );
    const process = proxy.model.requests.slice(seen, seen + 1).map(toProcess);

    const results = made.map(({ id }) => ({ id, content: `RESULT of ${id}` }));
    const turns = [QUESTION, { calls: called.calls }, { results }];
    const answered = await ask(proxy, dialect, { turns, tools: TOOLS, stream });
    const used = lastRequest(proxy);
    expect(answered).toMatchObject({ text: 'Used.', calls: [], reason: dialect.reasons.stop });
    expect(process.includes(toProcess(used))).toBe(isHot);
    expect(toSpoken(used)).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: made.map((call) => ({ type: 'tool_use', ...call })) },
      {
        role: 'user',
        content: results.map(({ id, content }) => ({
          tool_use_id: id,
          content: [{ type: 'text', text: content }],
        })),
      },
    ]);
  });
});

test.each([true, false])(
  'broken arguments come as the model made them, and their result is used (stream: %s)',
  async (stream) => {
    proxy.model.answer = answerCalls(withBrokenArguments(toolReply([GOOD])));
    const called = await ask(proxy, openaiChat, { turns: [QUESTION], tools: TOOLS, stream });
    expect(called.calls).toMatchObject([{ id: 'toolu_good', json: '{"city":"Rome' }]);

    const results = [{ id: 'toolu_good', content: 'RESULT: not JSON' }];
    const turns = [QUESTION, { calls: called.calls }, { results }];
    const answered = await ask(proxy, openaiChat, { turns, tools: TOOLS, stream });
    expect(answered.text).toBe('Used.');
    expect(toSpoken(lastRequest(proxy))).toMatchObject([
      {},
      { content: [{ type: 'tool_use', input: { INVALID_JSON: '{"city":"Rome' } }] },
      { content: [{ type: 'tool_result', content: [{ text: 'RESULT: not JSON' }] }] },
    ]);
  },
);

test('a call that the CLI answers early does not cut off the calls behind it', async () => {
  const release = Promise.withResolvers<void>();
  proxy.model.answer = () => withWaitBetweenCalls(toolReply([UNKNOWN, GOOD]), release.promise);
  const response = await proxy.send(
    openaiChat.path,
    openaiChat.toBody({ turns: [QUESTION], tools: TOOLS, stream: true }),
  );
  const messages = [];
  for await (const message of readSse(response)) {
    messages.push(message);
    if (message.data.includes('UTC')) release.resolve();
  }

  expect(openaiChat.readStream(messages)).toMatchObject({
    calls: [
      { id: 'toolu_unknown', name: 'get_time', json: '{"zone":"UTC"}' },
      { id: 'toolu_good', name: 'get_weather', json: '{"city":"Rome"}' },
    ],
    reason: 'tool_calls',
  });
  expect(messages.at(-1)?.data).toBe('[DONE]');
});

test('a process that cannot wait for results does not', async () => {
  const own = await startProxy({ answer: answerCalls(toolReply([UNKNOWN])), settings: ONE_EACH });
  try {
    await ask(own, openaiChat, { turns: [QUESTION], tools: TOOLS });

    await untilNoProcess(own);
    expect(await readProcesses(own)).toEqual([]);
  } finally {
    await own.stop();
  }
});

/** Answers the caller's results; whatever the CLI says by itself gets a text that must not be seen. */
function answerCalls(first: Reply) {
  return ({ messages }: { messages: unknown }) => {
    const text = JSON.stringify(messages);
    if (text.includes('RESULT')) return textReply('Used.');
    return text.includes('tool_result') ? textReply('STRAY') : first;
  };
}

/** Without the last two characters, a quote and a bracket. */
function withBrokenArguments(reply: StepsReply): StepsReply {
  return withSteps(reply, (step) => {
    const json = toJsonPiece(step);
    if (!json?.endsWith('}')) return [step];
    const delta = { type: 'input_json_delta', partial_json: json.slice(0, -2) } as const;
    return [{ type: 'content_block_delta', index: 0, delta }];
  });
}

function withWaitBetweenCalls(reply: StepsReply, until: Promise<unknown>): StepsReply {
  return withSteps(reply, (step) =>
    typeof step === 'object' && 'type' in step && step.type === 'content_block_stop'
      ? [step, { until }]
      : [step],
  );
}

function withSteps({ steps }: StepsReply, change: (step: Step) => readonly Step[]): StepsReply {
  async function* changed() {
    for await (const step of steps) yield* change(step);
  }
  return { steps: changed() };
}

function toJsonPiece(step: Step) {
  if (typeof step === 'string' || 'until' in step) return undefined;
  if (step.type !== 'content_block_delta' || step.delta.type !== 'input_json_delta')
    return undefined;
  return step.delta.partial_json;
}

function readJson(json: string): unknown {
  return JSON.parse(json);
}
