import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply, silentReply, slowReply, toolReply } from '../../src/demo/replies.ts';
import { listDescendants, readProcessStart } from '../../src/claude/process/system-processes.ts';
import { ask } from '../support/calls.ts';
import { KEY } from '../support/start-proxy.ts';
import { readProcesses, untilWaiting } from '../support/watch-place.ts';
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
      if (said.includes('<endless>')) return slowReply('word '.repeat(20_000), () => delay(5));
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

const BROKEN = { status: 'broken' };

/** What callers get when it is told to leave; when it is killed, all of them get nothing more. */
const SITUATIONS = {
  'processes answer, wait for tools, are stopped and are idle': {
    occupy: occupyAtWork,
    outcomes: [
      { status: 503, text: expect.stringContaining('shutting down') }, // silent upstream
      { status: 200, text: expect.stringMatching(/" two"[^]*event: error/) }, // streamed
      { status: 503, text: expect.stringContaining('shutting-down') }, // an agent's tool
      { status: 503, text: expect.stringContaining('shutting down') }, // its process is stopped
    ],
  },
  'an answer has no end, a process is starting, a body does not arrive and others wait': {
    occupy: occupyInTrouble,
    outcomes: [
      { status: 200, text: expect.stringMatching(/word[^]*event: error/) }, // endless
      { status: 503, text: expect.stringContaining('shutting down') }, // starting
      { status: 503, text: expect.stringContaining('shutting down') }, // waiting
      BROKEN, // half a request has no answer
    ],
  },
} as const;

describe.each(Object.keys(SITUATIONS) as (keyof typeof SITUATIONS)[])('while %s', (name) => {
  const { occupy, outcomes: expected } = SITUATIONS[name];

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    '%s: the next start has it all in order',
    async (signal) => {
      const kept = await keepSomething();
      const callers = await occupy();
      const known = await readProcesses(product);
      const started = listDescendants(product.pid);
      expect(known.length).toBeGreaterThanOrEqual(5);
      const other = await startBystander();

      const exit = await product.stopProgram(signal);
      expect(exit).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL');
      const outcomes = await Promise.all(callers);
      expect(outcomes).toEqual(signal === 'SIGTERM' ? expected : expected.map(() => BROKEN));
      const left = await readdir(join(product.folder, 'tmp'));
      expect(left).toHaveLength(signal === 'SIGTERM' ? 0 : 1);

      product = await product.start();
      await vi.waitFor(() => expect(started.filter(readProcessStart)).toEqual([]), 20_000);
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
      expect(JSON.stringify(product.model.requests.at(-1)?.body.messages)).toContain(
        'Remember me.',
      );
      await expectAnswer(product);
    },
  );
});

/** A session and a stored response. */
async function keepSomething() {
  const run = await (await ask(product, 'agent runs', 'Remember me.')).json();
  const response = await product.send('/v1/responses', { model: 'sonnet', input: 'Keep me.' });
  const { id: responseId } = (await response.json()) as { id: string }; // the API's response object
  const { sessionId } = run as { sessionId: string }; // the answer of POST /api/run
  return { sessionId, responseId };
}

/** A run in each state: silent, streaming, with a tool at work, stopped, suspended, read slowly. */
async function occupyAtWork() {
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
  await vi.waitFor(async () => expect(await readdir(workspace)).toContain('at-work'), 60_000);
  return [silent, streaming.response, tool, stopped.response].map(toOutcome);
}

/** A stream without an end, one that is starting and cannot, one in the queue, half a request. */
async function occupyInTrouble() {
  const endless = await openStream('<endless>');
  for (let index = 0; index < 3; index += 1) {
    const { response } = await openStream(`<held> ${index}`);
    void toOutcome(response);
  }
  const known = new Set(await readProcesses(product));
  const starting = sendAlone('<held> by a process that is starting');
  const pid = await vi.waitUntil(
    async () => (await readProcesses(product)).find((one) => !known.has(one)),
    60_000,
  );
  process.kill(pid, 'SIGSTOP');
  const waiting = ask(product, 'messages', '<held> in the queue');
  await untilWaiting(product, 1);
  return [...[endless.response, starting, waiting].map(toOutcome), sendHalf()];
}

/** A request whose body never arrives whole. */
async function sendHalf() {
  const { hostname, port } = new URL(product.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    `POST /v1/messages HTTP/1.1\r\nhost: ${hostname}\r\nx-api-key: ${KEY}\r\n` +
      'content-type: application/json\r\ncontent-length: 100\r\n\r\n{"model":',
  );
  // A server that is killed resets the connection: "close" comes then, too, and `once` would reject.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await closed;
  return text === '' ? { status: 'broken' } : { status: text.slice(0, 12), text };
}

async function openStream(prompt: string) {
  const known = new Set(await readProcesses(product));
  const heard = new Set(product.model.requests);
  const response = sendAlone(prompt, { stream: true });
  await product.model.waitForRequest((request) => !heard.has(request));
  const pid = (await readProcesses(product)).find((one) => !known.has(one));
  if (pid === undefined) throw new Error('No process was started for the stream.');
  return { response, pid };
}

/** A user of its own gives it a process of its own. */
function sendAlone(prompt: string, more: object = {}) {
  return product.send('/v1/messages', {
    model: 'sonnet',
    max_tokens: 100,
    metadata: { user_id: prompt },
    messages: [{ role: 'user', content: prompt }],
    ...more,
  });
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
