import { describe, expect, test } from 'vitest';

import { openaiCompletions } from '../../../src/dialects/openai-completions/index.ts';
import {
  answerStreamed,
  answerWhole,
  cannedRun,
  reasoning,
  text,
  translate,
} from '../canned-run.ts';
import { complaintOf } from '../complaint.ts';

const BODY = { model: 'sonnet', prompt: 'Once upon' };

test.for<[param: string, fields: object]>([
  ['model', { model: undefined }],
  ['prompt', { prompt: undefined }],
  ['prompt', { prompt: ' \n' }],
  ['prompt', { prompt: ['one', 'two'] }],
  ['prompt', { prompt: [1212, 318] }],
  ['prompt', { prompt: [] }],
  ['n', { n: 9 }],
  ['best_of', { best_of: 3 }],
  ['echo', { echo: true }],
  ['logprobs', { logprobs: 5 }],
  ['suffix', { suffix: 'the end' }],
  ['temperature', { temperature: 3 }],
  ['max_tokens', { max_tokens: 0 }],
  ['stop', { stop: ['a', 'b', 'c', 'd', 'e'] }],
])('refuses %s: %j', async ([param, fields]) => {
  expect(await complaintOf(openaiCompletions, { ...BODY, ...fields })).toMatchObject({
    code: 'invalid-request',
    param,
  });
});

describe('the request', () => {
  test('is a conversation of one message', () => {
    const { request, isStream, ignored } = translate(openaiCompletions, BODY);
    expect(request).toMatchObject({
      model: 'sonnet',
      instructions: [],
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'Once upon' }] }],
      output: { type: 'text' },
      thinking: { type: 'default' },
    });
    expect({ isStream, ignored }).toEqual({ isStream: false, ignored: [] });
    expect(translate(openaiCompletions, { ...BODY, prompt: ['Once upon'] }).request).toEqual(
      request,
    );
  });

  test('samples as it says', () => {
    const fields = { temperature: 0.5, top_p: 0.9, max_tokens: 7, stop: '\n', user: 'ann' };
    const { request, ignored } = translate(openaiCompletions, { ...BODY, ...fields });
    expect(request.sampling).toEqual({
      temperature: 0.5,
      topP: 0.9,
      topK: undefined,
      stop: ['\n'],
      maxOutputTokens: 7,
    });
    expect(request.caller.user).toBe('ann');
    expect(ignored).toEqual([]);
  });

  test('names what cannot be honoured, and nothing whose value asks for nothing', () => {
    const hints = { temperature: 2, seed: 1, presence_penalty: 1, logit_bias: { 50256: -100 } };
    expect(translate(openaiCompletions, { ...BODY, ...hints }).ignored).toEqual(Object.keys(hints));
    const neutral = {
      n: 1,
      best_of: 1,
      echo: false,
      logprobs: null,
      suffix: '',
      presence_penalty: 0,
      frequency_penalty: 0,
      logit_bias: {},
      seed: null,
    };
    expect(translate(openaiCompletions, { ...BODY, ...neutral }).ignored).toEqual([]);
  });
});

const PARTS = [reasoning('Hm.', 'sig'), text('a ', 'time')];

test('a whole answer holds the text and no thinking', async () => {
  expect(
    await answerWhole(openaiCompletions, BODY, cannedRun(PARTS, { finish: 'length' })),
  ).toEqual({
    id: 'cmpl-01',
    object: 'text_completion',
    created: 1_800_000_000,
    model: 'claude-sonnet-5-5',
    choices: [{ text: 'a time', index: 0, logprobs: null, finish_reason: 'length' }],
    usage: expect.objectContaining({ prompt_tokens: 15, completion_tokens: 5, total_tokens: 20 }),
  });
});

test('a streamed answer ends with its reason, its usage when asked for, and [DONE]', async () => {
  const body = { ...BODY, stream: true, stream_options: { include_usage: true } };
  const messages = await answerStreamed(openaiCompletions, body, cannedRun(PARTS));
  const last = messages.pop();
  const chunks = messages.map(({ data }) => JSON.parse(data) as object);
  const head = {
    id: 'cmpl-01',
    object: 'text_completion',
    created: 1_800_000_000,
    model: 'claude-sonnet-5-5',
  };
  const toChunk = (piece: string, finish_reason: string | null = null) => ({
    ...head,
    choices: [{ text: piece, index: 0, logprobs: null, finish_reason }],
  });
  expect(chunks).toEqual([
    toChunk('a '),
    toChunk('time'),
    toChunk('', 'stop'),
    { ...head, choices: [], usage: expect.objectContaining({ total_tokens: 20 }) },
  ]);
  expect(last).toEqual({ data: '[DONE]' });
});
