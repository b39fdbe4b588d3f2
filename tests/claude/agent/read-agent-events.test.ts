import { describe, expect, test } from 'vitest';

import type { RunEvent } from '../../../src/run.ts';
import { toAnswerEvents } from '../../../src/run-answer.ts';
import type { CliLine } from '../../../src/claude/process/protocol.ts';
import { readAgentEvents } from '../../../src/claude/agent/read-agent-events.ts';
import { NOTHING_SPENT } from '../../../src/claude/agent/spending.ts';
import {
  failedResult,
  messageDelta,
  messageStart,
  messageStop,
  result,
  retry,
  say,
  textBlock,
  toLine,
  toolBlock,
} from '../cli-lines.ts';

async function read(lines: readonly CliLine[]) {
  const events: RunEvent[] = [];
  let failure: unknown;
  try {
    const reading = {
      model: 'sonnet',
      startFields: { sessionId: 'session-1' },
      promptId: 'prompt-1',
      before: NOTHING_SPENT,
      inputs: { ask: () => undefined, withdraw: () => undefined, isWaiting: () => false },
      messages: new Map(),
      isInterrupted: () => false,
      tasksTimeoutMs: 60_000,
      stopTasks: () => undefined,
    };
    for await (const event of toAnswerEvents(readAgentEvents(say(lines), reading)))
      events.push(event);
  } catch (error) {
    failure = error;
  }
  return { events, failure };
}

const toText = (events: readonly RunEvent[]) =>
  events.map((event) => (event.type === 'part-delta' ? event.delta : '')).join('');

const message = (words: readonly string[], id = 'msg_1') => [
  messageStart(id),
  ...textBlock(words),
  messageDelta('end_turn'),
  messageStop(),
];

const toolResult = (content: unknown, extra: object = {}) =>
  toLine({
    type: 'user',
    parent_tool_use_id: null,
    message: {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content, ...extra }],
    },
  });

test('all messages, calls and results are one run, their parts counted through', async () => {
  const { events } = await read([
    messageStart(),
    ...textBlock(['Let me look.']),
    ...toolBlock('toolu_1', 'Bash', 1),
    messageDelta('tool_use'),
    messageStop(),
    toolResult([{ type: 'text', text: 'a.txt' }, { type: 'image' }]),
    ...message(['One file.'], 'msg_2'),
    result({
      result: 'One file.',
      num_turns: 2,
      total_cost_usd: 0.24999999999999997,
      stop_reason: 'end_turn',
    }),
  ]);
  expect(events.filter(({ type }) => type === 'run-start')).toEqual([
    expect.objectContaining({ id: 'msg_1', sessionId: 'session-1' }),
  ]);
  const started = events.filter((event) => event.type === 'part-start');
  expect(started.map(({ index, part }) => [index, part.type])).toEqual([
    [0, 'text'],
    [1, 'tool-call'],
    [2, 'tool-result'],
    [3, 'text'],
  ]);
  expect(toText(events)).toBe('Let me look.a.txt\n[image]One file.');
  expect(events.at(-1)).toMatchObject({
    type: 'run-end',
    finish: 'stop',
    agent: { result: 'One file.', turns: 2, costUsd: 0.25, permissionDenials: [] },
  });
});

test('what subagents say is no part of the answer', async () => {
  const { events } = await read([
    messageStart(),
    messageStart('msg_sub', 'toolu_9'),
    ...textBlock(['inner'], { parent: 'toolu_9' }),
    ...textBlock(['outer']),
    messageDelta('end_turn'),
    messageStop(),
    result(),
  ]);
  expect(toText(events)).toBe('outer');
});

test.each([
  ['error_max_turns', 'max-turns'],
  ['error_max_budget_usd', 'max-budget'],
])('%s is an end, not a failure', async (subtype, finish) => {
  const { events, failure } = await read([...message(['x']), result({ subtype, is_error: true })]);
  expect(failure).toBeUndefined();
  expect(events.at(-1)).toMatchObject({ finish });
});

test('refused tool calls are told', async () => {
  const denied = { tool_name: 'Bash', tool_use_id: 'toolu_1', tool_input: { command: 'ls' } };
  const { events } = await read([...message(['No.']), result({ permission_denials: [denied] })]);
  expect(events.at(-1)).toMatchObject({
    agent: {
      permissionDenials: [{ toolName: 'Bash', toolUseId: 'toolu_1', toolInput: { command: 'ls' } }],
    },
  });
});

/** Lines as CLI 2.1.330 says them around the turns of a session. */
const system = (subtype: string, fields: object) => toLine({ type: 'system', subtype, ...fields });
const state = (name: string) => system('session_state_changed', { state: name });
const completed = (id: string) =>
  toLine({ type: 'command_lifecycle', command_uuid: id, state: 'completed' });

test('what a resumed session says of its lost tasks is no answer', async () => {
  const lost = result({
    num_turns: 0,
    result: '',
    total_cost_usd: 0.25,
    origin: { kind: 'task-notification' },
  });
  const { events } = await read([
    state('running'),
    lost,
    state('idle'),
    state('running'),
    ...message(['The answer.']),
    result({ result: 'The answer.' }),
    completed('prompt-1'),
    state('idle'),
  ]);
  expect(events.filter(({ type }) => type === 'run-end')).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({ agent: { result: 'The answer.', turns: 1 } });
});

test('a prompt that no model was asked is a failure, not an empty success', async () => {
  const { events, failure } = await read([result({ num_turns: 0 }), completed('prompt-1')]);
  expect(events).toEqual([]);
  expect(failure).toMatchObject({ code: 'cli-failed' });
});

test('a run goes on for as long as a task does, also when the model is asked anew', async () => {
  const tasks = [{ task_id: 't1', task_type: 'local_agent', description: 'count' }];
  const { events } = await read([
    state('running'),
    ...message(['I wait.']),
    system('background_tasks_changed', { tasks }),
    result({ result: 'I wait.' }),
    state('idle'),
    system('task_notification', { task_id: 't1', status: 'completed' }),
    system('background_tasks_changed', { tasks: [] }),
    state('running'),
    ...message(['Three.'], 'msg_2'),
    result({ result: 'Three.' }),
    state('idle'),
  ]);
  expect(toText(events)).toBe('I wait.Three.');
  expect(events.at(-1)).toMatchObject({ agent: { result: 'Three.', turns: 2, stoppedTasks: [] } });
});

test('a call that was denied is told at once', async () => {
  const denied = { tool_name: 'Write', tool_use_id: 'toolu_1', message: 'not here' };
  const { events } = await read([
    ...message(['No.']),
    system('permission_denied', denied),
    result(),
  ]);
  expect(events).toContainEqual({
    type: 'denial',
    callId: 'toolu_1',
    toolName: 'Write',
    reason: 'not here',
  });
});

describe('failures', () => {
  test('the CLI’s result of a failed turn is the error that it means', async () => {
    const { failure } = await read([failedResult(401, 'Invalid API key · Fix external API key')]);
    expect(failure).toMatchObject({ code: 'not-logged-in' });
  });

  test('an error during the execution is the CLI’s failure', async () => {
    const errors = ['No conversation found'];
    const { failure } = await read([
      result({ subtype: 'error_during_execution', is_error: true, errors }),
    ]);
    expect(failure).toMatchObject({
      code: 'cli-failed',
      message: expect.stringContaining('No conversation found'),
    });
  });

  test('a long wait for a rate limit is told at once, but only before the first byte', async () => {
    expect((await read([retry(429, 9000)])).failure).toMatchObject({ code: 'rate-limited' });
    const { failure } = await read([...message(['x']), retry(429, 9000), result()]);
    expect(failure).toBeUndefined();
  });

  test.each([
    ['cut and closed', [messageStop(), retry(null), ...message(['one two'])]],
    ['cut and begun anew', message(['one two'])],
  ])('a message that is %s is a broken answer, its text once', async (_, lines) => {
    const { events, failure } = await read([messageStart(), ...textBlock(['one']), ...lines]);
    expect(failure).toMatchObject({ code: 'upstream-failed' });
    expect(toText(events)).toBe('one');
  });

  test('the end of the output is the CLI’s failure', async () => {
    expect((await read(message(['x']))).failure).toMatchObject({ code: 'cli-failed' });
  });
});
