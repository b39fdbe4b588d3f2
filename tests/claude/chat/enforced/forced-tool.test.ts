import { expect, test } from 'vitest';

import type { RunEvent, RunFinish } from '../../../../src/run.ts';
import { toCallEvents } from '../../../../src/claude/chat/enforced/forced-tool.ts';

const TOOL = { name: 'look', description: undefined, inputSchema: { type: 'object' } };

const toEnd = (finish: RunFinish): RunEvent => ({
  type: 'run-end',
  finish,
  stopSequence: undefined,
  usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: undefined },
  agent: undefined,
});

async function* say(...events: RunEvent[]) {
  yield* events;
}

test('the enforced object is handed out as a call', async () => {
  const object = say(
    { type: 'part-start', index: 0, part: { type: 'text' } },
    { type: 'part-delta', index: 0, delta: '{"at":"it"}' },
    { type: 'part-end', index: 0 },
    toEnd('stop'),
  );

  expect(await Array.fromAsync(toCallEvents(object, TOOL))).toEqual([
    {
      type: 'part-start',
      index: 0,
      part: { type: 'tool-call', id: expect.stringMatching(/^toolu_\w{32}$/), name: 'look' },
    },
    { type: 'part-delta', index: 0, delta: '{"at":"it"}' },
    { type: 'part-end', index: 0 },
    toEnd('tool-calls'),
  ]);
});

test.each<RunFinish>(['refusal', 'length'])(
  'an answer without one ends with %s',
  async (finish) => {
    expect(await Array.fromAsync(toCallEvents(say(toEnd(finish)), TOOL))).toEqual([toEnd(finish)]);
  },
);
