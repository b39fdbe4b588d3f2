import { randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';

import { isOlder } from '../../src/common/cli-versions.ts';
import { addKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { CLAUDE, KEY, type Proxy, startProxy, WITH_SPARES } from '../support/start-proxy.ts';

/** One for most tests, each of which asks with a key of its own: no process serves two keys. */
let shared: Proxy;
let proxy: Proxy;
let key: string;
beforeAll(async () => {
  shared = await startProxy({ settings: { CLAUDE_MAX_RETRIES: '0' } });
});
afterAll(() => shared.stop());
beforeEach(async () => {
  proxy = shared;
  proxy.model.requests.length = 0;
  const file = toKeysFile(join(proxy.folder, 'state'));
  ({ key } = await addKey(file, randomUUID(), { scopes: ['chat', 'agent'] }));
});

/** The test asks a proxy with settings of its own. */
async function startOwn(settings: Record<string, string>) {
  proxy = await startProxy({ settings });
  key = KEY;
  onTestFinished(() => proxy.stop());
}

/** How many processes two requests need that bring other instructions or tools: older CLIs take none while they live. */
const { stdout: version } = await execa(CLAUDE, ['--version'], { env: { HOME: tmpdir() } });
const FOR_TWO_KINDS = isOlder(version, '2.1.300') ? 2 : 1;

type Said = { role: string; content: string };

const user = (content: string): Said => ({ role: 'user', content });
const system = (content: string): Said => ({ role: 'system', content });

const LOOK = { type: 'function', function: { name: 'look' } };
const LISTEN = { type: 'function', function: { name: 'listen' } };

const send = (path: string, body: object) =>
  proxy.send(path, { model: 'sonnet', ...body }, { headers: { authorization: `Bearer ${key}` } });

/** One whole answer; the conversation with it. */
async function ask(messages: readonly Said[], body: object = {}): Promise<Said[]> {
  const response = await send('/v1/chat/completions', { messages, ...body });
  const { choices } = (await response.json()) as { choices: [{ message: Said }] }; // a whole answer has one
  return [...messages, choices[0].message];
}

/** The CLI's own name for the process behind each upstream request. */
const toProcesses = () =>
  proxy.model.requests.map(
    ({ body }) => /session_id\\*":\\*"([\w-]+)/.exec(JSON.stringify(body['metadata']))?.[1],
  );

/** What was said, by the caller and the model; the CLI's own words about the environment left out. */
const toSaid = () =>
  (proxy.model.requests.at(-1)?.body.messages ?? [])
    .filter(({ role }) => role !== 'system')
    .map(({ content }) =>
      typeof content === 'string' ? content : content.map(({ text }) => text).join(),
    );

describe('a conversation', () => {
  test('goes on in its process', async () => {
    const first = await ask([user('My name is Ada.')]);
    const second = await ask([...first, user('I live in Paris.')]);
    await ask([...second, user('Who am I?')]);

    expect(new Set(toProcesses()).size).toBe(1);
    expect(toSaid()).toEqual([...second.map(({ content }) => content), 'Who am I?']);
  });

  test('whose last message is edited goes back, and forgets the rest', async () => {
    const first = await ask([user('My name is Ada.')]);
    await ask([...first, user('I live in Paris.')]);
    await ask([...first, user('I live in Rome.')]);

    expect(new Set(toProcesses()).size).toBe(1);
    expect(toSaid()).toEqual([...first.map(({ content }) => content), 'I live in Rome.']);
  });

  test('goes on after an answer that failed', async () => {
    const first = await ask([user('My name is Ada.')]);
    const failed = await send('/v1/chat/completions', {
      messages: [...first, user('demo:error=400')],
    });
    expect(failed.status).toBe(400);
    await ask([...first, user('Who am I?')]);

    expect(new Set(toProcesses()).size).toBe(1);
    expect(toSaid()).toEqual([...first.map(({ content }) => content), 'Who am I?']);
  });

  test('whose process was killed goes on in another', async () => {
    const first = await ask([user('My name is Ada.')]);
    for (const pid of await readPids()) process.kill(pid, 'SIGKILL');
    await ask([...first, user('Who am I?')]);

    expect(new Set(toProcesses()).size).toBe(2);
    expect(toSaid()).toEqual([...first.map(({ content }) => content), 'Who am I?']);
  });
});

test('a conversation whose instructions change goes on in its process', async () => {
  const first = await ask([system('It is noon.'), user('My name is Ada.')]);
  await ask([system('It is one.'), ...first.slice(1), user('Who am I?')]);

  expect(new Set(toProcesses()).size).toBe(FOR_TWO_KINDS);
  expect(toSaid()).toEqual([...first.slice(1).map(({ content }) => content), 'Who am I?']);
  const instructions = JSON.stringify(proxy.model.requests.at(-1)?.body.system);
  expect(instructions).toContain('It is one.');
  expect(instructions).not.toContain('It is noon.');
});

describe('independent requests', () => {
  test('share a process, which knows nothing of the one before', async () => {
    await ask([user('My name is Ada.')]);
    await ask([user('Who am I?')]);

    expect(new Set(toProcesses()).size).toBe(1);
    expect(toSaid()).toEqual(['Who am I?']);
  });

  test.each([
    ['instructions', [system('Be brief.'), user('Hi.')], {}],
    ['a tool', [user('Hi.')], { tools: [LOOK] }],
    ['both', [system('Be brief.'), user('Hi.')], { tools: [LOOK] }],
  ])('with %s, where there were none, share it', async (_, messages, body) => {
    await ask([user('My name is Ada.')]);
    await ask(messages, body);

    expect(new Set(toProcesses()).size).toBe(FOR_TWO_KINDS);
    expect(toSaid()).toEqual(['Hi.']);
  });

  test.each([
    ['no instructions, where there were some', [system('Be brief.'), user('Hi.')], {}, {}],
    ['another tool', [user('Hi.')], { tools: [LOOK] }, { tools: [LISTEN] }],
  ])('with %s get another', async (_, messages, body, other) => {
    await ask(messages, body);
    await ask([user('Hi.')], other);

    expect(new Set(toProcesses()).size).toBe(2);
  });

  test('get one each where the operator wants it so', async () => {
    await startOwn({ REUSE_PROCESSES: 'off' });
    await ask([user('My name is Ada.')]);
    await ask([user('Who am I?')]);

    expect(new Set(toProcesses()).size).toBe(2);
  });
});

test('the list of runs tells when each had its process', async () => {
  await ask([user('Hi.')]);
  await send('/api/run', { prompt: 'Hi.' });
  const response = await proxy.send('/api/admin/runs');
  const { recent } = (await response.json()) as { recent: object[] }; // the newest first

  const run = { boundMs: expect.any(Number), firstTokenMs: expect.any(Number) };
  expect(recent.slice(0, 2)).toMatchObject([
    { dialect: 'direct', ...run },
    { dialect: 'openai-chat', ...run },
  ]);
});

test('a login that the API refuses ends the processes that wait with it', async () => {
  await ask([user('Hi.')]);
  await ask([{ role: 'system', content: 'Be brief.' }, user('Hi.')]);
  const waiting = await readPids();
  const messages = [{ role: 'system', content: 'Be kind.' }, user('demo:error=401')];
  const refused = await send('/v1/chat/completions', { messages });
  expect(refused.status).toBe(401);

  await expect.poll(() => waiting.filter(isAlive), { timeout: 30_000 }).toEqual([]);
});

/** The last one of the shared proxy, whose login it changes. */
test('independent requests get a new process when the login changed', async () => {
  await ask([user('My name is Ada.')]);
  await writeFile(join(proxy.folder, 'home/.claude/.credentials.json'), '{}');
  await ask([user('Who am I?')]);

  expect(new Set(toProcesses()).size).toBe(2);
});

test('a stopped server leaves no process, spare or kept', async () => {
  await startOwn(WITH_SPARES);
  await ask([user('Hi.')]);
  await expect.poll(async () => (await readPids()).length, { timeout: 30_000 }).toBeGreaterThan(1);
  const pids = await readPids();
  await proxy.server.stop('the test is over');

  expect(pids.filter(isAlive)).toEqual([]);
});

async function readPids(): Promise<number[]> {
  return (await readdir(join(proxy.folder, 'state/processes'))).map((name) =>
    Number.parseInt(name),
  );
}

function isAlive(pid: number) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
