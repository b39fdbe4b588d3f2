import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Listening, listen } from '../../src/http/listen.ts';
import { APP_KEY, createTestApp } from '../support/create-test-app.ts';
import {
  calling,
  createScriptedAgent,
  resulting,
  saying,
  type ScriptStep,
} from '../support/scripted-agent.ts';
import { findFaults, NO_FAULTS } from './find-faults.ts';
import { openBrowser } from './open-browser.ts';
import { openPage, signIn } from './open-page.ts';

/** Pictures are kept where this variable says, for people to look at. */
const PICTURES = process.env['PICTURES'];

const SCREENS = {
  light: {},
  dark: { colorScheme: 'dark' as const },
  phone: { viewport: { width: 375, height: 740 }, hasTouch: true },
};

/** What would run if anything read it as HTML. */
const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>';

const LEAVE = {
  type: 'approval-request',
  callId: 'toolu_3',
  toolName: 'Bash',
  input: { command: `git push\n${HOSTILE}`, timeout: 5000 },
  description: `Push the branch ${HOSTILE}`,
  suggestions: ['Bash(git push *)'],
} as const satisfies ScriptStep;

/** A run of every kind of event. */
const SCRIPT: readonly ScriptStep[] = [
  { type: 'part-start', index: 0, part: { type: 'reasoning' } },
  { type: 'part-delta', index: 0, delta: `First I look. ${HOSTILE}` },
  { type: 'part-end', index: 0 },
  ...saying(1, `I look at the tests first.\nThen I change the parser. ${HOSTILE}`),
  ...calling(2, 'toolu_1', 'Bash', { command: 'npm test', description: `Tests ${HOSTILE}` }),
  ...resulting(3, 'toolu_1', `2 passed ${HOSTILE}`),
  ...calling(4, 'toolu_2', 'Agent', { description: 'Review the change', prompt: 'Review.' }),
  { type: 'task', task: { id: 't1', kind: 'agent', description: 'Review' }, status: 'running' },
  sub({ type: 'text', text: `I read the change. ${HOSTILE}` }),
  sub({ type: 'tool-call', id: 'toolu_s', name: 'Read', input: { file_path: '/srv/app/a.ts' } }),
  sub({ type: 'tool-result', callId: 'toolu_s', text: HOSTILE, isError: true }),
  ...resulting(5, 'toolu_2', 'It is fine.'),
  { type: 'user-message', id: 'm1', text: `Hurry ${HOSTILE}`, state: 'queued' },
  ...calling(6, 'toolu_3', 'Bash', { command: 'git push', description: 'Push' }),
  LEAVE,
  { type: 'plan-review', callId: 'toolu_4', plan: `1. Look\n2. Change ${HOSTILE}` },
  { type: 'denial', callId: 'toolu_3', toolName: 'Bash', reason: HOSTILE },
  ...saying(7, 'All is done.'),
];

const WEATHER = {
  type: 'tool-request',
  callId: 'toolu_9',
  toolName: 'weather',
  input: { city: `Bonn ${HOSTILE}` },
} as const satisfies ScriptStep;

/** Begins two tasks, of which one fails, and calls a tool of the caller's twice. */
const STEERED: readonly ScriptStep[] = [
  ...['t1', 't2'].map((id) => toTask(id, 'running')),
  toTask('t2', 'failed'),
  WEATHER,
  WEATHER,
  ...saying(0, 'All is done.'),
];

let held: PromiseWithResolvers<void>;
let agent: ReturnType<typeof createScriptedAgent>;
let server: Listening;
let browser: Browser;
let close: () => Promise<void>;

beforeAll(async () => {
  agent = createScriptedAgent((prompt) => {
    if (prompt.includes('steer')) return STEERED;
    return prompt.includes('hold')
      ? [...saying(0, 'one '), held.promise, ...saying(1, 'two '), LEAVE, ...saying(2, 'three')]
      : SCRIPT;
  });
  server = await serve();
  ({ browser, close } = await openBrowser());
});

afterAll(async () => {
  await close?.();
  const drained = server.drain();
  server.cut();
  await drained;
});

test.each(Object.entries(SCREENS))(
  'on a %s screen every kind of event is shown, as text, and nothing is serious for axe',
  async (screen, options) => {
    const { page, complaints } = await open(options);
    await start(page, `Mend the parser. ${HOSTILE}`);
    await page.locator('.input-card').waitFor();
    for (const fold of await page.locator('#run-log > .call > details').all())
      await fold.evaluate((node) => Object.assign(node, { open: true }));
    if (PICTURES)
      await page.screenshot({ path: join(PICTURES, `agent-${screen}.png`), fullPage: true });
    expect(await findFaults(page)).toEqual(NO_FAULTS);
    const log = page.locator('#run-log');
    expect(await log.locator('.nested > .call').textContent()).toContain(
      'Read /srv/app/a.ts failed',
    );
    expect(await log.locator('.own').textContent()).toContain('Hurry');
    expect(await page.locator('.input-card').getByLabel('command').inputValue()).toContain('<img');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('button', { name: 'Send it back' }).click();
    await page.locator('#run-head', { hasText: 'done' }).waitFor();
    const calls = await log.locator('> .call > details > summary').allTextContents();
    expect(calls).toEqual([
      'Bash npm test done',
      'Agent Review the change done',
      'Bash git push denied',
    ]);
    if (PICTURES)
      await page.screenshot({ path: join(PICTURES, `ended-${screen}.png`), fullPage: true });
    expect(await page.locator('img[src=x]').count()).toBe(0);
    expect(await page.title()).toMatch(/Agents · claude-code-proxy$/);
    await page.context().close();
    expect(complaints).toEqual([]);
  },
);

test('a reload in the middle shows all that was, and goes on', async () => {
  held = Promise.withResolvers();
  const { page } = await open();
  await start(page, 'hold');
  await page.locator('#run-log', { hasText: 'one' }).waitFor();
  await page.reload();
  await page.locator('#run-log', { hasText: 'one' }).waitFor();
  held.resolve();
  await page.getByLabel('unasked to the end of the run').check();
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.locator('#run-log', { hasText: 'three' }).waitFor();
  expect(await page.locator('#run-log .words').allTextContents()).toEqual([
    'one ',
    'two ',
    'three',
  ]);
  expect(agent.answers.at(-1)).toEqual({ decision: 'allow', rules: ['Bash(git push *)'] });
  await page.context().close();
});

test('a connection that breaks is made anew behind the last event', async () => {
  held = Promise.withResolvers();
  const { page } = await open();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).search));
  await start(page, 'hold');
  await page.locator('#run-log', { hasText: 'one' }).waitFor();
  await page.context().setOffline(true);
  await page.locator('#run-says', { hasText: 'The connection is gone' }).waitFor();
  held.resolve();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.locator('#run-log', { hasText: 'three' }).waitFor();
  expect(await page.locator('#run-log .words').allTextContents()).toEqual([
    'one ',
    'two ',
    'three',
  ]);
  expect(asked).toContain('?after=4');
  await page.context().close();
});

test('a run in the foreground ends when the page is left; a word on the way arrives', async () => {
  held = Promise.withResolvers();
  const { page, complaints } = await open();
  await page.getByText('More').click();
  await page.getByLabel('in the background').uncheck();
  await start(page, 'hold');
  await page.locator('#run-log', { hasText: 'one' }).waitFor();
  await page.getByLabel('A word on the way').fill('Hurry.');
  await page.getByRole('button', { name: 'Tell it' }).click();
  await page.waitForFunction("document.querySelector('#run-message textarea').value === ''");
  expect(agent.words).toEqual(['Hurry.']);
  await page.reload();
  await page.locator('#run-head', { hasText: 'cancelled' }).waitFor();
  await page.context().close();
  expect(complaints).toEqual([]);
});

test.each(Object.entries(SCREENS))(
  'on a %s screen tasks are read and stopped, a run is changed and asked, its tool given a result',
  async (screen, options) => {
    const { page, complaints } = await open(options);
    await start(page, 'steer');
    const tasks = page.locator('#run-task-list > li');
    await page.locator('.input-card').waitFor();
    expect(await tasks.nth(1).textContent()).toBe(`Task t2 ${HOSTILE} failed`);
    await tasks.first().getByRole('button', { name: 'Output' }).click();
    await tasks.getByText('t1 wrote').waitFor();
    await tasks.first().getByRole('button', { name: 'Stop' }).click();

    await page.getByText('Change or ask').click();
    await page.getByLabel('When a tool needs leave').last().selectOption('acceptEdits');
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.locator('#run-change-state', { hasText: 'from the next step' }).waitFor();
    await page.getByLabel('A question beside the conversation').fill(`Why? ${HOSTILE}`);
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.getByText(`You asked: Why? ${HOSTILE}`).waitFor();
    expect(agent.changes.splice(0)).toEqual([{ stopped: 't1' }, { permissionMode: 'acceptEdits' }]);
    expect(await findFaults(page)).toEqual(NO_FAULTS);
    if (PICTURES)
      await page.screenshot({ path: join(PICTURES, `steered-${screen}.png`), fullPage: true });

    const card = page.locator('.input-card');
    await card.getByRole('heading', { name: 'The result of weather' }).waitFor();
    expect(await card.locator('pre').textContent()).toContain(HOSTILE.slice(0, 10));
    await card.getByLabel('Result').fill('18 degrees');
    await card.getByLabel('it failed').check();
    await card.getByRole('button', { name: 'Give the result' }).click();
    await page.getByText('Allowed: weather').waitFor();
    await card.getByLabel('If refused').fill('No weather today.');
    await card.getByRole('button', { name: 'Refuse it' }).click();
    await page.locator('#run-head', { hasText: 'done' }).waitFor();
    expect(agent.answers.slice(-2)).toMatchObject([
      {
        decision: 'allow',
        result: { content: [{ type: 'text', text: '18 degrees' }], isError: true },
      },
      { decision: 'deny', message: 'No weather today.' },
    ]);
    expect(await tasks.getByRole('button').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Ask', exact: true }).isVisible()).toBe(false);
    expect(await page.getByText(`You asked: Why? ${HOSTILE}`).isVisible()).toBe(true);
    await page.context().close();
    expect(complaints).toEqual([]);
  },
);

test('what cannot be started says why, and the prompt stays', async () => {
  const { page } = await open();
  await page.getByText('More').click();
  await page.getByLabel('Session that it goes on in').fill('no session');
  await start(page, 'hold');
  await page.locator('#start-state', { hasText: 'sessionId' }).waitFor();
  expect(await page.getByLabel('What shall the agent do?').inputValue()).toBe('hold');
  await page.context().close();
});

function sub(part: Extract<ScriptStep, { type: 'subagent-part' }>['part']): ScriptStep {
  return { type: 'subagent-part', parentCallId: 'toolu_2', part };
}

function toTask(id: string, status: 'running' | 'failed'): ScriptStep {
  return {
    type: 'task',
    task: { id, kind: 'shell', description: `Task ${id} ${HOSTILE}` },
    status,
  };
}

function serve() {
  const { run, runs } = agent;
  return listen({
    fetch: createTestApp({ run, runs }).fetch,
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 10_000,
    requestTimeoutMs: 60_000,
  });
}

async function open(options: BrowserContextOptions = {}) {
  const watched = await openPage(browser, `${server.url}/agents`, options);
  await signIn(watched.page, APP_KEY);
  return watched;
}

async function start(page: Page, prompt: string) {
  await page.getByLabel('What shall the agent do?').fill(prompt);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
}
