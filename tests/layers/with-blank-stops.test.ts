import { expect, test } from 'vitest';

import type { RunEvent, RunRequest } from '../../src/run.ts';
import { collectRun, toText } from '../../src/run-answer.ts';
import { withBlankStops } from '../../src/layers/with-blank-stops.ts';
import { openaiChat } from '../../src/dialects/openai-chat/index.ts';
import { call, cannedRun, reasoning, text, translate } from '../dialects/canned-run.ts';

type Parts = Parameters<typeof cannedRun>[0];

/** What is said, what reaches the model, and whether the model was told to stop. */
async function run(stop: string[] | undefined, parts: Parts) {
  const { request } = translate(openaiChat, {
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Hi' }],
  });
  const seen: RunRequest[] = [];
  let isLeft = false;
  const inner = withBlankStops(async function* said(asked): AsyncIterable<RunEvent> {
    seen.push(asked);
    try {
      yield* cannedRun(parts);
    } finally {
      isLeft = true;
    }
  });
  const asked = { ...request, sampling: { ...request.sampling, stop } };
  const answer = await collectRun(inner(asked, new AbortController().signal));
  const { finish, stopSequence, usage } = answer.end;
  return {
    text: toText(answer),
    finish,
    stopSequence,
    usage,
    isLeft,
    sent: seen[0]?.sampling.stop,
  };
}

test.for<[pieces: string[], stops: string[], said: string, sequence: string | undefined]>([
  [['a\n\nb'], ['\n\n'], 'a', '\n\n'],
  [['a', '\n', '\n', 'b'], ['\n\n'], 'a', '\n\n'],
  [['a\n', '\nb'], ['\n\n'], 'a', '\n\n'],
  [['a\nb', '\n', 'c'], ['\n\n'], 'a\nb\nc', undefined],
  [['a\n', ' \nb'], ['\n\n', '\n \n'], 'a', '\n \n'],
  [['a\n \n'], ['\n \n', ' '], 'a\n', ' '],
  [['a', '\n', ' ', '\n'], ['\n \n', ' '], 'a\n', ' '],
  [['a\r', '\n\r\n'], ['\r\n\r\n'], 'a', '\r\n\r\n'],
  [['a\n'], ['\n\n'], 'a\n', undefined],
  [['\n\na'], ['\n\n'], '', '\n\n'],
])('%j with %j says %j', async ([pieces, stops, said, sequence]) => {
  expect(await run(stops, [text(...pieces)])).toMatchObject({
    text: said,
    finish: sequence === undefined ? 'stop' : 'stop-sequence',
    stopSequence: sequence,
  });
});

test('the model is left when its text has come far enough; what it read is counted', async () => {
  const { isLeft, usage } = await run(['\n'], [text('a\nb')]);
  expect(isLeft).toBe(true);
  expect(usage).toMatchObject({ input: 10, cacheRead: 3, cacheWrite: 2 });
});

test.for<[given: string[] | undefined, sent: string[] | undefined]>([
  [undefined, undefined],
  [[], undefined],
  [[''], undefined],
  [['\n', '', ' '], undefined],
  [['END', '\n'], ['END']],
  [
    ['a', 'b', 'c', 'd', 'e'],
    ['a', 'b', 'c', 'd', 'e'],
  ],
])('of %j the API gets %j', async ([given, sent]) => {
  expect((await run(given, [text('x')])).sent).toEqual(sent);
});

test('only the text is watched: thinking and arguments hold blanks as they like', async () => {
  const said = await run(['\n'], [reasoning('Hm.\nHm.', 'sig'), text('a'), call('c', 'f', '{\n}')]);
  expect(said).toMatchObject({ text: 'a', finish: 'stop' });
});
