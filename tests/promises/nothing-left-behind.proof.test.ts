import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { hasSandbox } from '../faults/has-sandbox.ts';
import { type Product, startProduct } from '../faults/start-product.ts';

/** Seconds of this file's own, by which its programs are known. */
const SECONDS = [1, 2, 3].map((digit) => `300.${digit}${process.pid}`);

/** What each of them does, in the folder of the agent. */
const [FIRST = '', SECOND = '', THIRD = ''] = SECONDS.map(
  (seconds) => `touch up.${seconds}; exec sleep ${seconds}`,
);

/** Three ways in which a program gets away from the one that started it. */
const GET_AWAY = [
  `nohup sh -c "${FIRST}" >/dev/null 2>&1 &`,
  `setsid sh -c "${SECOND}" >/dev/null 2>&1 &`,
  `(setsid sh -c "(${THIRD}) & exec true" >/dev/null 2>&1 &);`,
].join(' ');

/** In the command itself: until all of them are there. */
const UNTIL_UP = SECONDS.map((seconds) => `until [ -e up.${seconds} ]; do sleep 0.1; done`);

/** One for all, which is told to stop by the last of them. */
let product: Product;
beforeAll(async () => {
  product = await startProduct({ settings: { SHUTDOWN_GRACE_MS: '500' } });
});
afterAll(() => product.stop());

test('programs that got away are ended at the end of the run', async () => {
  expect(await runAndGetAway()).toMatch(/content":"all are up/);
  await until(0);
});

test('so they are in the sandbox', async (ctx) => {
  if (!hasSandbox()) ctx.skip('It needs bubblewrap, which may make namespaces, and socat.');
  const sandboxed = await startProduct({ settings: { AGENT_SANDBOX: 'true' } });
  onTestFinished(() => sandboxed.stop());
  expect(await runAndGetAway(sandboxed)).toMatch(/content":"all are up/);
  await until(0);
});

test('they are ended when the caller leaves', async () => {
  const left = new AbortController();
  const asked = ask(`${GET_AWAY} sleep 60`, { signal: left.signal }).catch(String);
  await until(SECONDS.length);
  left.abort();
  expect(await asked).toContain('AbortError');
  await until(0);
});

test('they are ended by the next start after a kill', async () => {
  const asked = ask(`${GET_AWAY} sleep 60`).catch(String);
  await until(SECONDS.length);
  await product.stopProgram('SIGKILL');
  await asked;
  expect(listPrograms()).toHaveLength(SECONDS.length);
  product = await product.start();
  await until(0);
});

test('they are ended when the server is told to stop', async () => {
  const asked = ask(`${GET_AWAY} sleep 60`).catch(String);
  await until(SECONDS.length);
  expect(await product.stopProgram('SIGTERM')).toBe(0);
  await asked;
  await until(0);
});

/** What the agent was told of its command. */
async function runAndGetAway(by = product) {
  await (await ask(`${GET_AWAY} ${UNTIL_UP.join('; ')}; echo all are up`, { by })).text();
  return JSON.stringify(by.model.requests.at(-1)?.body);
}

function ask(
  command: string,
  { by = product, ...init }: { by?: Product; signal?: AbortSignal } = {},
) {
  const body = { model: 'sonnet', prompt: `demo:bash=${command}`, allowedTools: ['Bash'] };
  return by.send('/api/run', body, init);
}

/** The programs of this file that live, by pid. */
function listPrograms(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isProgram(name));
}

function isProgram(pid: string) {
  try {
    const [program, seconds = ''] = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    return program === 'sleep' && SECONDS.includes(seconds);
  } catch {
    return false;
  }
}

/** Programs that are not our children tell nobody of their start or end. */
async function until(count: number) {
  while (listPrograms().length !== count) await delay(20);
}
