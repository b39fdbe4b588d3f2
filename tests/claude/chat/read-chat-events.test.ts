import { describe, expect, test } from 'vitest';

import type { RunEvent } from '../../../src/run.ts';
import { toAnswerEvents } from '../../../src/run-answer.ts';
import type { CliLine } from '../../../src/claude/process/protocol.ts';
import { readChatEvents } from '../../../src/claude/chat/read-chat-events.ts';
import {
  failedResult,
  messageDelta,
  messageStart,
  messageStop,
  result,
  retry,
  say,
  synthetic,
  textBlock,
  toLine,
  toolBlock,
} from '../cli-lines.ts';

/** What the caller gets, up to the failure if there is one. */
async function read(lines: readonly CliLine[], willAsk = true) {
  const events: RunEvent[] = [];
  let interrupts = 0;
  let failure: unknown;
  try {
    const reading = {
      model: 'sonnet',
      interrupt: () => void (interrupts += 1),
      willAsk: () => willAsk,
    };
    for await (const event of toAnswerEvents(readChatEvents(say(lines), reading)))
      events.push(event);
  } catch (error) {
    failure = error;
  }
  const text = events.map((event) => (event.type === 'part-delta' ? event.delta : '')).join('');
  return { events, text, last: events.at(-1), interrupts, failure };
}

const whole = (stopReason: string, words = ['Hello ', 'there']) => [
  messageStart(),
  ...textBlock(words),
  messageDelta(stopReason),
  messageStop(),
];

test('a message is a start, its parts and an end with the counts of both', async () => {
  const { events, failure } = await read([...whole('end_turn'), result()]);
  expect(failure).toBeUndefined();
  expect(events.map(({ type }) => type)).toEqual([
    'run-start',
    'part-start',
    'part-delta',
    'part-delta',
    'part-end',
    'run-end',
  ]);
  expect(events[0]).toMatchObject({ id: 'msg_1', model: 'claude-x' });
  expect(events.at(-1)).toMatchObject({ finish: 'stop', usage: { input: 7, output: 3 } });
});

test('the answer ends at its first message, whatever the CLI goes on with', async () => {
  const { text, last } = await read([...whole('max_tokens'), messageStart('msg_2'), ...whole('x')]);
  expect(text).toBe('Hello there');
  expect(last).toMatchObject({ type: 'run-end', finish: 'length' });
});

test.each([
  ['end_turn', ['Hi'], 0],
  ['stop_sequence', ['Hi'], 0],
  ['tool_use', [], 0],
  ['end_turn', [], 1],
  ['max_tokens', ['Hi'], 1],
  ['refusal', ['Hi'], 1],
  ['model_context_window_exceeded', ['Hi'], 1],
])('after %s with %o the CLI is interrupted %d times', async (stopReason, words, count) => {
  expect((await read(whole(stopReason, words))).interrupts).toBe(count);
});

test('a tool call is a part of its own', async () => {
  const lines = [
    messageStart(),
    ...toolBlock('toolu_1', 'f'),
    messageDelta('tool_use'),
    messageStop(),
  ];
  const { events } = await read(lines);
  expect(events[1]).toMatchObject({ part: { type: 'tool-call', id: 'toolu_1', name: 'f' } });
  expect(events.at(-1)).toMatchObject({ finish: 'tool-calls' });
});

describe('before a part is out', () => {
  test('a broken attempt is forgotten', async () => {
    const { text, events, failure } = await read([
      messageStart('msg_broken'),
      messageStop(),
      retry(null),
      ...whole('end_turn'),
    ]);
    expect(failure).toBeUndefined();
    expect(text).toBe('Hello there');
    expect(events[0]).toMatchObject({ id: 'msg_1' });
  });

  test('a short wait is sat out', async () => {
    const { text } = await read([retry(529, 1500), ...whole('end_turn')]);
    expect(text).toBe('Hello there');
  });

  test('a long wait for a rate limit is told at once', async () => {
    const { failure, events } = await read([retry(429, 7001), ...whole('end_turn')]);
    expect(failure).toMatchObject({ code: 'rate-limited', retryAfterSeconds: 8 });
    expect(events).toEqual([]);
  });

  test('the CLI’s own words are no answer', async () => {
    const { failure, events } = await read([
      synthetic(),
      failedResult(500, 'API Error: 500 Internal server error'),
    ]);
    expect(failure).toMatchObject({ code: 'upstream-failed', message: 'Internal server error' });
    expect(events).toEqual([]);
  });

  test('a rate limit without a second try has no end that one could wait for', async () => {
    const limit = failedResult(429, 'API Error: Request rejected (429) · Until tomorrow.');
    const { failure } = await read([limit]);
    expect(failure).toMatchObject({ code: 'rate-limited', retryAfterSeconds: undefined });
    expect((await read([retry(429), limit])).failure).toMatchObject({ retryAfterSeconds: 20 });
  });

  test('a result that is no failure and no answer is a failure', async () => {
    expect((await read([result({ result: '' })])).failure).toMatchObject({
      code: 'upstream-failed',
    });
  });

  test('the end of the output is the CLI’s failure, which may be tried again', async () => {
    expect((await read([messageStart()])).failure).toMatchObject({ code: 'cli-failed' });
  });
});

describe('after a part is out', () => {
  const half = [messageStart(), ...textBlock(['half'])];

  test.each([
    ['a second try', [messageStop(), retry(null), ...whole('end_turn')]],
    ['a second try that is not announced', whole('end_turn')],
    ['an end without a reason', [messageDelta(null), messageStop(), result()]],
    ['a failure without a status', [messageStop(), failedResult(null, 'API Error: x')]],
  ])('%s is a broken answer, its text once', async (_, lines) => {
    const { failure, text, last } = await read([...half, ...lines]);
    expect(failure).toMatchObject({ code: 'upstream-failed' });
    expect(text).toBe('half');
    expect(last?.type).not.toBe('run-end');
  });

  test('an error that the API reports is that error', async () => {
    const { failure, text, interrupts } = await read([
      ...half,
      synthetic(),
      messageDelta(null),
      messageStop(),
      failedResult(529, 'API Error: Overloaded'),
    ]);
    expect(failure).toMatchObject({ code: 'overloaded', message: 'Overloaded' });
    expect(text).toBe('half');
    expect(interrupts).toBe(0);
  });

  test('the end of the output is the CLI’s failure', async () => {
    expect((await read(half)).failure).toMatchObject({ code: 'cli-failed' });
  });
});

describe('a message with calls', () => {
  const ownAnswer = toLine({ type: 'user', message: { role: 'user', content: [] } });
  const [one, other] = [toolBlock('toolu_1', 'look'), toolBlock('toolu_2', 'look', 1)];
  const rest = [messageDelta('tool_use'), messageStop()];

  test('is waited with when the CLI asks for all of them', async () => {
    const { interrupts, last } = await read([messageStart(), ...one, ...other, ...rest]);

    expect(interrupts).toBe(0);
    expect(last).toMatchObject({ type: 'run-end', finish: 'tool-calls' });
  });

  test('is interrupted when the CLI will not ask', async () => {
    expect((await read([messageStart(), ...one, ...rest], false)).interrupts).toBe(1);
  });

  test('is not cut off when the CLI answers a call before the next one', async () => {
    const begun = [messageStart(), ...one, ownAnswer, ...other];
    expect((await read(begun)).interrupts).toBe(0);

    const { interrupts, events } = await read([...begun, ...rest]);
    expect(interrupts).toBe(1);
    expect(events.filter(({ type }) => type === 'part-start')).toHaveLength(2);
  });
});
