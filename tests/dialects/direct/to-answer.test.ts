import { expect, test } from 'vitest';

import { direct } from '../../../src/dialects/direct/index.ts';
import type { AgentSummary, RunEvent } from '../../../src/run.ts';
import { USAGE, answerStreamed, answerWhole, cannedRun, text } from '../canned-run.ts';

const SUMMARY: AgentSummary = {
  result: 'Done.',
  turns: 3,
  costUsd: 0.25,
  permissionDenials: [{ toolName: 'Bash', toolUseId: 'toolu_1', toolInput: { command: 'rm' } }],
  stoppedTasks: [],
  structuredOutput: { a: 1 },
};

async function* agentRun(): AsyncIterable<RunEvent> {
  for await (const event of cannedRun([text('Let me see.'), text('Done.')])) {
    if (event.type === 'run-start') yield { ...event, sessionId: 'session-1' };
    else if (event.type === 'run-end') yield { ...event, finish: 'max-turns', agent: SUMMARY };
    else yield event;
  }
}

test('the whole answer says what the agent did', async () => {
  expect(await answerWhole(direct, { prompt: 'Hi' }, agentRun())).toEqual({
    id: 'req_1',
    result: 'Done.',
    sessionId: 'session-1',
    durationMs: expect.any(Number),
    usage: USAGE,
    costUsd: 0.25,
    model: 'claude-sonnet-5-5',
    stopReason: 'max-turns',
    turns: 3,
    permissionDenials: SUMMARY.permissionDenials,
    stoppedTasks: [],
    structuredOutput: { a: 1 },
  });
});

test('the stream is the events as they are, each named by its type', async () => {
  const events = await Array.fromAsync(agentRun());
  const messages = await answerStreamed(direct, { prompt: 'Hi' }, agentRun());
  expect(messages).toEqual(
    events.map((event, index) => ({
      id: String(index + 1),
      event: event.type,
      data: JSON.stringify(event),
    })),
  );
});
