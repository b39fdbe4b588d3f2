import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import {
  errorReply,
  type Reply,
  silentReply,
  textReply,
  toolReply,
} from '../../src/demo/replies.ts';
import type { Answer } from '../../src/demo/model-server.ts';
import { CLAUDE, type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.stop());

type Told = { sessionId: string; costUsd: number; usage: object };

const run = async (sessionId?: string, by = proxy): Promise<Told> => {
  const body = { model: 'sonnet', prompt: 'Hello.', ...(sessionId && { sessionId }) };
  const response = await by.send('/api/run', body);
  return response.json() as Promise<Told>; // what it holds is looked at below
};

test('each run of a session tells what it cost by itself, after a restart too', async () => {
  proxy.model.answer = () => textReply('Hi.');
  const first = await run();
  const second = await run(first.sessionId);
  const other = await run();
  const third = await run(first.sessionId);
  proxy = await proxy.restart();
  const fourth = await run(first.sessionId);

  expect(first.costUsd).toBeGreaterThan(0);
  expect(String(first.costUsd).length).toBeLessThan(14);
  for (const { costUsd, usage } of [second, other, third, fourth]) {
    expect({ costUsd, usage }).toEqual({ costUsd: first.costUsd, usage: first.usage });
  }
});

test('what a session spent before is read from its transcript, and asked of the CLI only without it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'asked-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const claudePath = join(folder, 'claude');
  const asked = join(folder, 'asked.jsonl');
  await writeFile(claudePath, `#!/bin/sh\ntee -a '${asked}' | '${CLAUDE}' "$@"\n`, { mode: 0o700 });
  const countAsked = async () => (await readFile(asked, 'utf8')).split('"get_usage"').length - 1;
  const own = await startProxy({ claudePath, answer: () => textReply('Hi.') });
  onTestFinished(() => own.stop());
  const first = await run(undefined, own);
  await expect.poll(countAsked, { timeout: 10_000 }).toBe(1); // at the start of the server, for the plan's limits
  const second = await run(first.sessionId, own);
  expect(await countAsked()).toBe(1);

  await forgetCosts(join(own.folder, 'home/.claude/projects'), first.sessionId);
  const third = await run(first.sessionId, own);
  expect(await countAsked()).toBe(2);
  for (const { costUsd, usage } of [second, third]) {
    expect({ costUsd, usage }).toEqual({ costUsd: first.costUsd, usage: first.usage });
  }
});

/** Leaves out of a transcript what the CLI noted of costs. */
async function forgetCosts(projects: string, sessionId: string) {
  const files = await readdir(projects, { recursive: true });
  const file = join(projects, files.find((name) => name.endsWith(`${sessionId}.jsonl`)) ?? '');
  const lines = (await readFile(file, 'utf8')).split('\n');
  const kept = lines.filter((line) => !line.startsWith('{"type":"cost-state"'));
  expect(kept.length).toBeLessThan(lines.length);
  await writeFile(file, kept.join('\n'));
}

test('a session whose transcript is gone charges nothing for what it was', async () => {
  proxy.model.answer = () => textReply('Hi.');
  const { sessionId, costUsd } = await run();
  await rm(join(proxy.folder, 'home/.claude/projects'), { recursive: true });
  const lost = await proxy.send('/api/run', { model: 'sonnet', prompt: 'Hello.', sessionId });
  expect(lost.status).toBeGreaterThanOrEqual(400);
  expect((await run()).costUsd).toBe(costUsd);
});

/** Calls a tool first; what comes behind its result is up to the test. */
const afterTool =
  (reply: Reply): Answer =>
  (_, { body }) =>
    JSON.stringify(body.messages).includes('tool_result')
      ? reply
      : toolReply([{ name: 'Bash', input: { command: 'true' } }]);

type Ended = { id: string; state: string; costUsd: number | null };

/** Starts a run in the background, and resolves with its record when it has ended. */
async function startAndEnd(end: (id: string) => Promise<unknown>) {
  const body = { model: 'sonnet', prompt: 'Hello.', allowedTools: ['Bash'], background: true };
  const { id } = (await (await proxy.send('/api/run', body)).json()) as Ended; // our own route
  await end(id);
  await (await proxy.send(`/api/runs/${id}/events`)).text(); // to their end
  return (await (await proxy.send(`/api/runs/${id}`)).json()) as Ended; // our own route
}

/** What the request is on record with, and what its key has spent. */
async function readCharged(id: string) {
  const { requests } = (await (await proxy.send('/api/admin/requests')).json()) as {
    requests: { id: string; costUsd: number }[];
  };
  return requests.find((request) => request.id === id)?.costUsd;
}

test('a run that is cancelled is charged what it had spent', async () => {
  proxy.model.answer = afterTool(silentReply());
  const ended = await startAndEnd(async (id) => {
    await proxy.model.waitForRequest(({ body }) => JSON.stringify(body).includes('tool_result'));
    await proxy.send(`/api/runs/${id}`, undefined, { method: 'DELETE' });
  });
  expect(ended).toMatchObject({ state: 'cancelled', costUsd: expect.any(Number) });
  expect(ended.costUsd).toBeGreaterThan(0);
  await expect.poll(() => readCharged(ended.id)).toBe(ended.costUsd);
});

test('a run that fails is charged what it had spent', async () => {
  proxy.model.answer = afterTool(errorReply(400, 'invalid_request_error', 'No.'));
  const ended = await startAndEnd(() => Promise.resolve());
  expect(ended).toMatchObject({ state: 'failed', costUsd: expect.any(Number) });
  expect(ended.costUsd).toBeGreaterThan(0);
  await expect.poll(() => readCharged(ended.id)).toBe(ended.costUsd);
});
