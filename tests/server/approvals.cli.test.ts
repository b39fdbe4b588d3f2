import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import type { Answer } from '../../src/demo/model-server.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { followRun, startRun, type Told } from '../support/follow-run.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;

type Stored = { id: string; state: string; answer: Record<string, unknown> | null };

const lastSaid = ({ messages }: MessagesBody) =>
  JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content);

const bash = (command: string) =>
  toolReply([{ name: 'Bash', input: { command, description: 'work' } }]);

/** A model that runs these commands one after the other, and says what the last one said. */
const running = (...commands: readonly string[]): Answer => {
  let next = 0;
  return (body) => {
    const command = commands[next];
    next += 1;
    return command === undefined ? textReply(`I saw: ${lastSaid(body)}`) : bash(command);
  };
};

/** A proxy that no other test uses, until this one is over. */
async function startOwn(answer: Answer, settings: Record<string, string>): Promise<Proxy> {
  const own = await startProxy({ answer, settings });
  onTestFinished(() => proxy.stop()); // it may have been restarted
  return own;
}

const start = (body?: object) => startRun(proxy, body);

const say = (id: string, input: Told, answer: object) =>
  proxy.send(`/api/runs/${id}/approvals/${input.id}`, answer);

const read = async (id: string) => (await proxy.send(`/api/runs/${id}`)).json() as Promise<Stored>; // what it holds is looked at below

const made = () => readdir(join(proxy.folder, 'workspace'));

describe('a tool that needs leave', () => {
  test('waits for it, and then runs', async () => {
    proxy = await shareProxy({ answer: running('touch made') });
    const { id, until } = await start();
    const input = await until('approval-request');
    expect(input).toMatchObject({
      toolName: 'Bash',
      input: { command: 'touch made' },
      description: 'work',
      suggestions: ['Bash(touch made *)'],
    });
    expect(await read(id)).toMatchObject({ state: 'waiting' });
    expect(await (await proxy.send('/api/approvals')).json()).toMatchObject({
      approvals: [{ id: input.id, runId: id, request: input, decision: null }],
    });
    expect(await made()).toEqual([]);

    const response = await say(id, input, { decision: 'allow' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: input.id, decision: 'allow' });
    expect(await until('input-settled')).toMatchObject({ id: input.id, decision: 'allow' });
    await until('run-end');
    expect(await read(id)).toMatchObject({ state: 'done' });
    expect(await made()).toEqual(['made']);
    expect(await (await proxy.send('/api/approvals')).json()).toEqual({ approvals: [] });
    expect((await say(id, input, { decision: 'deny' })).status).toBe(409);
  });

  test('runs with the input that it was given instead', async () => {
    proxy = await shareProxy({ answer: running('touch made') });
    const { id, until } = await start();
    const input = { command: 'touch changed', description: 'work' };
    await say(id, await until('approval-request'), { decision: 'allow', input });
    await until('run-end');
    expect(await made()).toEqual(['changed']);
  });

  test('is denied, and the agent is told why', async () => {
    proxy = await shareProxy({ answer: running('touch made') });
    const { id, until } = await start();
    const message = 'Look first.';
    await say(id, await until('approval-request'), { decision: 'deny', message });
    expect(await until('input-settled')).toMatchObject({ decision: 'deny', message });
    await until('run-end');
    const { answer } = await read(id);
    expect(answer).toMatchObject({ permissionDenials: [{ toolName: 'Bash' }] });
    expect(answer?.['result']).toContain(message);
    expect(await made()).toEqual([]);
  });

  test('is denied when nobody answers in time', async () => {
    proxy = await startOwn(running('touch made'), { APPROVAL_TIMEOUT_MS: '200' });
    const { id, until } = await start();
    const input = await until('approval-request');
    expect(await until('input-settled')).toMatchObject({
      decision: 'deny',
      message: 'Nobody answered within 1 s.',
    });
    await until('run-end');
    expect((await say(id, input, { decision: 'allow' })).status).toBe(409);
    expect(await made()).toEqual([]);
  });

  test('takes the first of two answers', async () => {
    proxy = await shareProxy({ answer: running('touch made') });
    const { id, until } = await start();
    const input = await until('approval-request');
    const responses = await Promise.all(
      ['allow', 'deny'].map((decision) => say(id, input, { decision })),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200, 409]));
    const isAllowed = responses[0]?.status === 200;
    await until('run-end');
    expect(await made()).toEqual(isAllowed ? ['made'] : []);
  });

  test('is remembered to the end of the run, and in no setting file', async () => {
    proxy = await shareProxy({ answer: running('touch a', 'touch a b') });
    const { id, until } = await start();
    await say(id, await until('approval-request'), { decision: 'allow', remember: true });
    expect(await until('run-end')).toBeDefined();
    expect((await made()).toSorted()).toEqual(['a', 'b']);
  });

  test('waits without a place, so that others can work', async () => {
    proxy = await startOwn(running('touch one', 'touch two'), { WORKER_CONCURRENCY: '1' });
    const first = await start();
    const input = await first.until('approval-request');
    const second = await start();
    const other = await second.until('approval-request');
    for (const [run, asked] of [
      [second, other],
      [first, input],
    ] as const) {
      await say(run.id, asked, { decision: 'allow' });
      await run.until('run-end');
    }
    expect((await made()).toSorted()).toEqual(['one', 'two']);
  });
});

test('a run that waits can be cancelled, and then not be answered', async () => {
  proxy = await shareProxy({ answer: running('touch made') });
  const { id, until } = await start();
  const input = await until('approval-request');
  await proxy.send(`/api/runs/${id}`, undefined, { method: 'DELETE' });
  expect(await read(id)).toMatchObject({ state: 'cancelled' });
  expect((await say(id, input, { decision: 'allow' })).status).toBe(409);
  expect(await made()).toEqual([]);
});

test('a run that waits when the server ends goes on in its session', async () => {
  proxy = await startOwn(running('touch made', 'touch made'), { SHUTDOWN_GRACE_MS: '0' });
  const { id, until } = await start();
  const input = await until('approval-request');
  proxy = await proxy.restart();
  expect(await read(id)).toMatchObject({ state: 'interrupted' });
  expect((await say(id, input, { decision: 'allow' })).status).toBe(409);

  const response = await proxy.send(`/api/runs/${id}/resume`, {});
  const resumed = (await response.json()) as { id: string }; // a run
  const next = followRun(proxy, resumed.id);
  await say(resumed.id, await next.until('approval-request'), { decision: 'allow' });
  await next.until('run-end');
  expect(await read(resumed.id)).toMatchObject({ state: 'done', resumedFrom: id });
  expect(await made()).toEqual(['made']);
});

test('a question is answered with one of its options', async () => {
  const question = 'Which one?';
  const options = [
    { label: 'This', description: 'the first' },
    { label: 'That', description: 'the second' },
  ];
  const input = { questions: [{ question, header: 'One', multiSelect: false, options }] };
  proxy = await shareProxy({
    answer: (body) =>
      lastSaid(body).includes('tool_result')
        ? textReply(`I heard: ${lastSaid(body)}`)
        : toolReply([{ name: 'AskUserQuestion', input }]),
  });
  const { id, until } = await start();
  const asked = await until('question');
  expect(asked).toMatchObject({
    questions: [{ question, header: 'One', isMultiple: false, options }],
  });
  expect((await say(id, asked, { decision: 'allow' })).status).toBe(400);
  expect(
    (await say(id, asked, { decision: 'allow', answers: { [question]: 'That' } })).status,
  ).toBe(200);
  await until('run-end');
  const { answer } = await read(id);
  expect(answer?.['result']).toContain('That');
});

test('a plan is sent back, then approved, and carried out in the same run', async () => {
  let step = 0;
  proxy = await shareProxy({
    answer: (body) => {
      step += 1;
      const [file_path = ''] = /[^"\s\\`]*\/plans\/[^"\s\\`]+\.md/.exec(JSON.stringify(body)) ?? [];
      const write = { name: 'Write', input: { file_path, content: `1. touch made\n` } };
      const steps = [
        () => toolReply([write]),
        () => toolReply([{ name: 'ExitPlanMode', input: {} }]),
        () => toolReply([{ name: 'ExitPlanMode', input: {} }]),
        () => bash('touch made'),
      ];
      return steps[step - 1]?.() ?? textReply('Done.');
    },
  });
  const { id, until } = await start({ permissionMode: 'plan' });
  const plan = await until('plan-review');
  expect(plan).toMatchObject({ plan: '1. touch made\n' });
  await say(id, plan, { decision: 'deny', message: 'Longer.' });
  await say(id, await until('plan-review'), { decision: 'allow' });
  await say(id, await until('approval-request'), { decision: 'allow' });
  await until('run-end');
  expect(await read(id)).toMatchObject({ state: 'done', answer: { result: 'Done.' } });
  expect(await made()).toEqual(['made']);
});
