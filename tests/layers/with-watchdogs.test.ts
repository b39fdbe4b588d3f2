import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { Run, RunEvent, RunRequest, StartedPart } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { withWatchdogs } from '../../src/layers/with-watchdogs.ts';
import { toChatRequest } from '../claude/chat-request.ts';

const LIMITS = { start: 100, 'first-byte': 200, silence: 400 };

const TEXT: RunEvent = { type: 'part-delta', index: 0, delta: 'x' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Step = RunEvent | 'asked' | 'heard' | number;

/** A run that does these in turn, numbers being waits in milliseconds, unless its signal aborts. */
function scripted(...steps: readonly Step[]): Run {
  return async function* run(_, signal) {
    for (const step of steps) {
      if (typeof step === 'number') await pass(step, signal);
      else if (typeof step === 'string') yield { type: 'run-progress', step };
      else yield step;
    }
  };
}

function pass(timeMs: number, signal: AbortSignal) {
  return new Promise<void>((resolve, reject) => {
    setTimeout(resolve, timeMs);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

async function read(run: Run, request: RunRequest = toChatRequest(), readerMs = 0) {
  const never = new AbortController().signal;
  const readAll = async () => {
    const events: RunEvent[] = [];
    for await (const event of withWatchdogs(run, LIMITS)(request, never)) {
      if (event.type === 'run-progress') continue;
      events.push(event);
      await pass(readerMs, never);
    }
    return events.length;
  };
  const outcome = readAll().catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return outcome;
}

describe('gives up', () => {
  test.each([
    ['a process that does not come up', [101], 'start-timeout'],
    ['a question without an answer', ['asked', 201], 'first-byte-timeout'],
    ['an answer that says nothing more', ['asked', TEXT, 401], 'silence-timeout'],
    ['a question whose process only chatters', ['asked', 150, 'heard', 60], 'first-byte-timeout'],
  ] as const)('%s', async (_, steps, code) => {
    expect(await read(scripted(...steps))).toMatchObject({ code, message: expect.any(String) });
  });
});

describe('lets go on', () => {
  test.each([
    ['what is slow everywhere', [99, 'asked', 199, TEXT, 399, TEXT, 399]],
    ['a process that shows life as it takes the conversation', [90, 'heard', 90, 'asked', TEXT]],
    ['a model that thinks unseen', ['asked', TEXT, 300, 'heard', 300, 'heard', 300, TEXT]],
  ] as const)('%s', async (_, steps) => {
    expect(await read(scripted(...steps))).toEqual(expect.any(Number));
  });

  test('a reader who takes his time: nobody waits for the process then', async () => {
    expect(await read(scripted('asked', TEXT, TEXT), toChatRequest(), 10_000)).toBe(2);
  });
});

describe('tools', () => {
  test('may work for as long as they like', async () => {
    const run = scripted('asked', ...call(0, 'a'), 5000, ...result(1, 'a'), 399, TEXT);
    expect(await read(run)).toBe(5);
  });

  test('that work beside each other are waited for until the last', async () => {
    const run = scripted(
      'asked',
      ...call(0, 'a'),
      ...call(1, 'b'),
      ...result(2, 'a'),
      5000,
      ...result(3, 'b'),
    );
    expect(await read(run)).toBe(8);
  });

  test('that have ended are no excuse any more, nor is a call that is still being written', async () => {
    const ended = scripted('asked', ...call(0, 'a'), 5000, ...result(1, 'a'), 401);
    const [start] = call(0, 'a');
    expect(await read(ended)).toMatchObject({ code: 'silence-timeout' });
    expect(await read(scripted('asked', start, 401))).toMatchObject({ code: 'silence-timeout' });
  });
});

test('what the process complains of as it is ended is not told', async () => {
  expect(await read(complain)).toMatchObject({ code: 'start-timeout' });
});

test('no timer is left when the reader leaves', async () => {
  const never = new AbortController().signal;
  for await (const _ of withWatchdogs(scripted('asked', TEXT, 1), LIMITS)(toChatRequest(), never))
    break;
  expect(vi.getTimerCount()).toBe(0);
});

const complain: Run = async function* complain(_, signal) {
  await pass(1000, signal).catch(() => {
    throw new RunError('cli-failed', 'It ended.');
  });
  yield TEXT;
};

function call(index: number, id: string) {
  return toPart(index, { type: 'tool-call', id, name: 'Bash' });
}

function result(index: number, callId: string) {
  return toPart(index, { type: 'tool-result', callId, isError: false });
}

function toPart(index: number, part: StartedPart): [RunEvent, RunEvent] {
  return [
    { type: 'part-start', index, part },
    { type: 'part-end', index },
  ];
}
