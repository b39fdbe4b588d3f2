import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply, silentReply, toolReply } from '../../src/demo/replies.ts';
import { readProcessStart } from '../../src/runner/process-start.ts';
import { listDescendants } from '../../src/runner/process-tree.ts';
import { ask } from '../support/calls.ts';
import { readProcesses } from '../support/watch-place.ts';
import { openSlowReader } from './open-slow-reader.ts';
import { type Product, startProduct } from './start-product.ts';
import { expectAnswer } from './surroundings.ts';

const NEVER = new Promise(() => undefined);

let product: Product;
let bystander: ChildProcess | undefined;
beforeEach(async () => {
  product = await startProduct({
    answer(body) {
      const said = JSON.stringify(body.messages);
      if (said.includes('<silent>')) return silentReply();
      if (said.includes('<held>')) return heldReply('one two three four', NEVER);
      if (said.includes('<tool>')) return toolReply([{ name: 'look', input: {} }]);
      return demoAnswer(body);
    },
    settings: { WORKER_CONCURRENCY: '5', MAX_PROCESSES: '12', SHUTDOWN_GRACE_MS: '1000' },
  });
});
afterEach(async () => {
  await product.stop();
  bystander?.kill('SIGKILL');
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  '%s while processes answer, wait for tools, are stopped and are idle: the next start has it all in order',
  async (signal) => {
    const kept = await keepSomething();
    const callers = await occupy();
    const known = await readProcesses(product);
    const started = listDescendants(product.pid);
    expect(known.length).toBeGreaterThanOrEqual(6);
    const other = await startBystander();

    const exit = await product.stopProgram(signal);
    expect(exit).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL');
    const outcomes = await Promise.all(callers);
    expect(outcomes).toEqual(OUTCOMES[signal]);
    const left = await readdir(join(product.folder, 'tmp'));
    expect(left).toHaveLength(signal === 'SIGTERM' ? 0 : 1);

    product = await product.start();
    await vi.waitFor(() => expect(started.filter(readProcessStart)).toEqual([]), 5000);
    expect(readProcessStart(other)).toBeDefined();
    expect(await readProcesses(product)).not.toContain(other);
    expect(await readdir(join(product.folder, 'tmp'))).toHaveLength(1);
    expect(await readdir(join(product.folder, 'state/scratch'))).toHaveLength(1);

    const stored = await product.send(`/v1/responses/${kept.responseId}`);
    expect(await stored.json()).toMatchObject({ id: kept.responseId, status: 'completed' });
    const resumed = await product.send('/api/run', {
      prompt: 'Where were we?',
      sessionId: kept.sessionId,
    });
    expect(resumed.status).toBe(200);
    expect(JSON.stringify(product.model.requests.at(-1)?.body.messages)).toContain('Remember me.');
    await expectAnswer(product);
  },
);

/** What callers get: whole, streamed, from an agent at work, and of a process that is stopped. */
const OUTCOMES = {
  SIGTERM: [
    { status: 503, text: expect.stringContaining('shutting down') },
    { status: 200, text: expect.stringMatching(/" two"[^]*event: error/) },
    { status: 503, text: expect.stringContaining('shutting-down') },
    { status: 503, text: expect.stringContaining('shutting down') },
  ],
  SIGKILL: [{ status: 'broken' }, { status: 'broken' }, { status: 'broken' }, { status: 'broken' }],
};

/** A session and a stored response. */
async function keepSomething() {
  const run = await (await ask(product, 'agent runs', 'Remember me.')).json();
  const response = await product.send('/v1/responses', { model: 'sonnet', input: 'Keep me.' });
  const { id: responseId } = (await response.json()) as { id: string }; // the API's response object
  const { sessionId } = run as { sessionId: string }; // the answer of POST /api/run
  return { sessionId, responseId };
}

/** A run in each state: silent, streaming, with a tool at work, stopped, suspended, read slowly. */
async function occupy() {
  const called = await product.send('/v1/messages', {
    model: 'sonnet',
    max_tokens: 100,
    tools: [{ name: 'look', input_schema: { type: 'object' } }],
    messages: [{ role: 'user', content: '<tool>' }],
  });
  expect(await called.json()).toMatchObject({ stop_reason: 'tool_use' });

  const stopped = await openStream('<silent> and stopped');
  process.kill(stopped.pid, 'SIGSTOP');
  const streaming = await openStream('<held>');
  const silent = ask(product, 'messages', '<silent>');
  const tool = product.send('/api/run', {
    prompt: 'demo:bash=touch at-work && sleep 60',
    allowedTools: ['Bash'],
  });
  const isSilent = product.model.waitForRequest(({ body }) =>
    JSON.stringify(body.messages).includes('"<silent>"'),
  );
  await openSlowReader(product, 'demo:long=50000');
  await isSilent;
  const workspace = join(product.folder, 'workspace');
  await vi.waitFor(async () => expect(await readdir(workspace)).toContain('at-work'), 20_000);
  return [silent, streaming.response, tool, stopped.response].map(toOutcome);
}

async function openStream(prompt: string) {
  const known = new Set(await readProcesses(product));
  const heard = new Set(product.model.requests);
  // Words of its own, so that it gets a process of its own.
  const body = { model: 'sonnet', max_tokens: 100, system: prompt, stream: true };
  const response = product.send('/v1/messages', {
    ...body,
    messages: [{ role: 'user', content: prompt }],
  });
  await product.model.waitForRequest((request) => !heard.has(request));
  const pid = (await readProcesses(product)).find((one) => !known.has(one));
  if (pid === undefined) throw new Error('No process was started for the stream.');
  return { response, pid };
}

async function toOutcome(asked: Promise<Response>) {
  try {
    const response = await asked;
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 'broken' };
  }
}

/** A process that has nothing to do with the server; an old entry bears its pid, given out again since. */
async function startBystander() {
  bystander = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 100_000)'], {
    detached: true,
    stdio: 'ignore',
  });
  await once(bystander, 'spawn');
  const pid = Number(bystander.pid);
  const dead = { pid, start: 'a boot long ago' };
  const entry = JSON.stringify({ ...dead, owner: dead });
  await writeFile(join(product.folder, 'state/processes', String(pid)), entry);
  return pid;
}
