import { describe, expect, test } from 'vitest';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { approvalRuns, bash, lastSaid, running } from './approval-runs.ts';

let proxy: Proxy;

const { start, say, read, made } = approvalRuns(() => proxy);

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

  test('is remembered to the end of the run, and in no setting file', async () => {
    proxy = await shareProxy({ answer: running('touch a', 'touch a b') });
    const { id, until } = await start();
    await say(id, await until('approval-request'), { decision: 'allow', remember: true });
    expect(await until('run-end')).toBeDefined();
    expect((await made()).toSorted()).toEqual(['a', 'b']);
  });
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
