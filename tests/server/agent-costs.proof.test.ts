import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { textReply } from '../../src/demo/replies.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;
afterEach(() => proxy.stop());

type Told = { sessionId: string; costUsd: number; usage: object };

const run = async (sessionId?: string): Promise<Told> => {
  const body = { model: 'sonnet', prompt: 'Hello.', ...(sessionId && { sessionId }) };
  const response = await proxy.send('/api/run', body);
  return response.json() as Promise<Told>; // what it holds is looked at below
};

test('each run of a session tells what it cost by itself, after a restart too', async () => {
  proxy = await startProxy({ answer: () => textReply('Hi.') });
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

test('a session whose transcript is gone charges nothing for what it was', async () => {
  proxy = await startProxy({ answer: () => textReply('Hi.') });
  const { sessionId, costUsd } = await run();
  await rm(join(proxy.folder, 'home/.claude/projects'), { recursive: true });
  const lost = await proxy.send('/api/run', { model: 'sonnet', prompt: 'Hello.', sessionId });
  expect(lost.status).toBeGreaterThanOrEqual(400);
  expect((await run()).costUsd).toBe(costUsd);
});
