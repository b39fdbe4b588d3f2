import { describe, expect, test } from 'vitest';

import type { Answer } from '../../src/demo/model-server.ts';
import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { readSse } from '../support/read-sse.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';

let proxy: Proxy;

const IMPATIENT = { AGENT_TASKS_TIMEOUT_MS: '500' };

const START_AGENT = {
  id: 'toolu_agent',
  name: 'Agent',
  input: { description: 'count', prompt: 'SUBWORK', subagent_type: 'general-purpose' },
};

const lastSaid = ({ messages }: MessagesBody) =>
  JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content);

/** A model that starts a sub-agent, says that it waits, and tells the report when it has it. */
function delegating({ report = Promise.resolve(), waiting = 'I wait for it.' } = {}): Answer {
  return async (body) => {
    const said = lastSaid(body);
    if (said.includes('task-notification')) return textReply('The sub-agent counted to three.');
    if (said.includes('SUBWORK') && !said.includes('tool_result')) {
      await report;
      return textReply('One, two, three.');
    }
    return said.includes('tool_result') ? textReply(waiting) : toolReply([START_AGENT]);
  };
}

type Told = {
  result: string;
  sessionId: string;
  usage: { input: number };
  structuredOutput: unknown;
};

const run = async (body: object): Promise<Told> => {
  const response = await proxy.send('/api/run', body);
  return response.json() as Promise<Told>; // what it holds is looked at below
};

type Streamed = { type: string; delta?: string };

const stream = async (body: object): Promise<Streamed[]> => {
  const response = await proxy.send('/api/run', { ...body, stream: true });
  const messages = await Array.fromAsync(readSse(response));
  return messages.map(({ data }) => JSON.parse(data) as Streamed); // the same
};

/** The CLI enforces a schema by a tool. */
const json = (count: number) => toolReply([{ name: 'StructuredOutput', input: { count } }]);

const withCommand =
  (command: string): Answer =>
  (body) => {
    const said = lastSaid(body);
    if (said.includes('task-notification')) return textReply('The build is done.');
    if (said.includes('tool_result')) return textReply('I started it.');
    const input = { command, description: 'work', run_in_background: true };
    return toolReply([{ name: 'Bash', input }]);
  };

const RUN = { model: 'sonnet', prompt: 'Delegate.', allowedTools: ['Agent'] };

describe('a sub-agent in the background', () => {
  test('is waited for, and the answer has its report', async () => {
    proxy = await shareProxy({ answer: delegating() });
    const answer = await run(RUN);
    expect(answer).toMatchObject({
      result: 'The sub-agent counted to three.',
      stopReason: 'stop',
      stoppedTasks: [],
    });
    expect(proxy.model.requests).toHaveLength(4);
    // The sub-agent's own request is counted: the demo model sends the same usage each time.
    expect(answer.usage.input).toBe(40);
  });

  test('streams what it does as events of its own', async () => {
    proxy = await shareProxy({ answer: delegating() });
    const events = await stream(RUN);
    const kinds = events.map(({ type }) => type);
    expect(kinds.filter((type) => type === 'run-end')).toHaveLength(1);
    expect(kinds.at(-1)).toBe('run-end');
    expect(events).toContainEqual({
      type: 'subagent-part',
      parentCallId: 'toolu_agent',
      part: { type: 'text', text: 'One, two, three.' },
    });
    const tasks = events.filter(({ type }) => type === 'task');
    expect(tasks).toMatchObject([
      { status: 'running', task: { kind: 'subagent', description: 'count' } },
      { status: 'completed', task: { kind: 'subagent' } },
    ]);
    const texts = events.filter(({ type }) => type === 'part-delta').map(({ delta }) => delta);
    expect(texts.join('')).toMatch(/I wait for it\..*The sub-agent counted to three\.$/s);
    expect(texts.join('')).not.toContain('One, two, three.');
  });

  test('is waited for with an output schema, too', async () => {
    const schema = { type: 'object', properties: { count: { type: 'number' } } };
    proxy = await shareProxy({
      answer: (body) => {
        const said = lastSaid(body);
        if (said.includes('task-notification')) return json(3);
        if (said.includes('SUBWORK')) return textReply('One, two, three.');
        if (said.includes('Async agent launched')) return json(0);
        return said.includes('tool_result') ? textReply('Done.') : toolReply([START_AGENT]);
      },
    });
    const answer = await run({ ...RUN, outputSchema: schema });
    expect(answer.structuredOutput).toEqual({ count: 3 });
  });

  test('that does not end is stopped after a while, and named', async () => {
    const never = new Promise<void>(() => undefined);
    proxy = await shareProxy({
      answer: delegating({ report: never }),
      settings: IMPATIENT,
    });
    const answer = await run(RUN);
    expect(answer).toMatchObject({
      result: 'I wait for it.',
      stoppedTasks: [{ kind: 'subagent', description: 'count' }],
    });
    // The session goes on, and its first words are no answer.
    proxy.model.answer = () => textReply('Here is the next one.');
    const again = { model: 'sonnet', prompt: 'And now?', sessionId: answer.sessionId };
    expect(await run(again)).toMatchObject({
      result: 'Here is the next one.',
      turns: 1,
    });
    expect((await stream(again)).at(-1)).toMatchObject({
      type: 'run-end',
      agent: { result: 'Here is the next one.' },
    });
  });
});

describe('a command in the background', () => {
  const bash = { model: 'sonnet', prompt: 'Build.', allowedTools: ['Bash'] };

  test('that ends is waited for', async () => {
    proxy = await shareProxy({ answer: withCommand('sleep 1; echo built') });
    expect(await run(bash)).toMatchObject({
      result: 'The build is done.',
      stoppedTasks: [],
    });
  });

  test('that was started to stay ends with the run', async () => {
    proxy = await shareProxy({
      answer: withCommand('echo $$ > pid; exec sleep 300'),
      settings: IMPATIENT,
    });
    const answer = await run(bash);
    expect(answer).toMatchObject({
      result: 'I started it.',
      stoppedTasks: [{ kind: 'command', description: 'work' }],
    });
  });
});
