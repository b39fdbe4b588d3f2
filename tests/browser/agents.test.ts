import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { heldReply, textReply, toolReply } from '../../src/demo/replies.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { findFaults, NO_FAULTS } from './find-faults.ts';
import { openBrowser } from './open-browser.ts';
import { closePage, openPage, signIn, type WatchedPage } from './open-page.ts';

const PHONE = { viewport: { width: 375, height: 740 }, hasTouch: true };

const NEVER = new Promise<void>(() => undefined);

const QUESTION = {
  question: 'Which colour?',
  header: 'Colour',
  multiSelect: false,
  options: [
    { label: 'Red', description: 'like a brick' },
    { label: 'Blue', description: 'like the sea' },
  ],
};

const lastSaid = ({ messages }: MessagesBody) =>
  JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content);

/** Asks where it is told to ask, else runs the command behind `run:`; then says what the tool said. */
function answer(body: MessagesBody) {
  const said = lastSaid(body);
  if (said.includes('tool_result')) return textReply(`I heard: ${said}`);
  if (said.includes('hold on')) return heldReply('This is going to take long.', NEVER);
  if (said.includes('ask me')) {
    return toolReply([{ name: 'AskUserQuestion', input: { questions: [QUESTION] } }]);
  }
  const [, command = 'true'] = /run: ([\w ]+)/.exec(said) ?? [];
  return toolReply([{ name: 'Bash', input: { command, description: 'Do the work' } }]);
}

let proxy: Proxy;
let browser: Browser;
let close: () => Promise<void>;
const opened: WatchedPage[] = [];

beforeAll(async () => {
  proxy = await startProxy({ answer });
  ({ browser, close } = await openBrowser());
});

afterAll(async () => {
  await close?.();
  await proxy?.stop();
});

/** No page complains, or asks anybody else for anything. */
afterEach(async () => {
  for (const watched of opened.splice(0)) await closePage(watched, proxy.url);
});

test('a run asks for leave, is allowed on the page with another input, and ends', async () => {
  const page = await open();
  await start(page, 'run: touch made');
  const card = page.locator('.input-card');
  await card.getByRole('heading', { name: 'Leave for Bash' }).waitFor();
  expect(await card.getByLabel('command').inputValue()).toBe('touch made');
  await page.waitForFunction("document.title.startsWith('(1) Agents')");
  expect(await page.locator('.agents tbody tr').first().textContent()).toContain('needs leave');
  expect(await made()).toEqual([]);

  await card.getByLabel('command').fill('touch changed');
  await card.getByRole('button', { name: 'Allow' }).click();
  await page.locator('#run-head', { hasText: 'done' }).waitFor();
  expect(await made()).toEqual(['changed']);
  await page.waitForFunction("document.title.startsWith('Agents')");
  const log = page.locator('#run-log');
  expect(await log.locator('.call summary').textContent()).toBe('Bash touch made done');
  expect(await log.getByText('Allowed: Bash').count()).toBe(1);
  expect(await log.getByText('I heard:').count()).toBe(1);
  expect(await page.locator('#run-spent').textContent()).toMatch(/^[\d,]+ tokens in, .*\$0\.\d+$/);
  expect(await page.locator('.input-card').count()).toBe(0);
});

test('one that waits is found again after a reload, denied, and told why', async () => {
  const page = await open();
  await start(page, 'run: touch denied');
  await page.locator('.input-card').waitFor();
  await page.reload();
  const card = page.locator('.input-card');
  await card.getByLabel('If denied').fill('Not on a Saturday.');
  await card.getByRole('button', { name: 'Deny' }).press('Enter');
  await page.locator('#run-head', { hasText: 'done' }).waitFor();
  expect(await page.locator('#run-log .call').count()).toBe(1);
  expect(await page.locator('#run-log').textContent()).toContain(
    'Denied: Bash (“Not on a Saturday.”)',
  );
  expect(await made()).not.toContain('denied');
  expect(await page.evaluate('document.activeElement.id')).toBe('run-log');
});

test('a question is answered on a phone, and nothing there is serious for axe or too wide', async () => {
  const page = await open(PHONE);
  expect(await findFaults(page)).toEqual(NO_FAULTS);
  await start(page, 'ask me');
  const card = page.locator('.input-card');
  await card.getByRole('group', { name: 'Colour: Which colour?' }).waitFor();
  expect(await findFaults(page)).toEqual(NO_FAULTS);
  await card.getByRole('button', { name: 'Answer', exact: true }).click();
  await card.getByText('Choose an answer').waitFor();
  await card.getByLabel('Blue').check();
  await card.getByRole('button', { name: 'Answer', exact: true }).click();
  await page.locator('#run-head', { hasText: 'done' }).waitFor();
  expect(await page.locator('#run-log').textContent()).toMatch(/I heard: .*Which colour.*Blue/);
  expect(await findFaults(page)).toEqual(NO_FAULTS);
});

test('a word on the way is taken back while it is unread', async () => {
  const page = await open();
  await start(page, 'run: touch spoken');
  await page.locator('.input-card').waitFor();
  await page.getByLabel('A word on the way').fill('Hurry.');
  await page.getByRole('button', { name: 'Tell it' }).click();
  const word = page.locator('#run-log .own', { hasText: 'Hurry.' });
  await word.getByRole('button', { name: 'Take it back' }).click();
  await word.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.locator('#run-head', { hasText: 'done' }).waitFor();
  expect(JSON.stringify(proxy.model.requests.at(-1)?.body)).not.toContain('Hurry.');
});

test('an interrupted run ends with what there is', async () => {
  const page = await open();
  await start(page, 'hold on');
  await page.locator('#run-log', { hasText: 'This is going' }).waitFor();
  await page.getByRole('button', { name: 'Interrupt' }).click();
  await page.locator('#run-head', { hasText: 'done' }).waitFor();
  await page.getByText('Details').click();
  expect(await page.locator('#run-facts').textContent()).toMatch(/Ended by\s+interrupted/);
});

test('one in the foreground is read to its end while another one is shown', async () => {
  const page = await open();
  const read = await page.evaluate(`(async () => {
    const { followRun } = await import('/assets/follow-run.js');
    const event = new TextEncoder().encode('data: {"type":"part-delta","delta":"a"}\\n\\n');
    const ended = Promise.withResolvers();
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 1;
        controller.enqueue(event);
        if (sent < 1000) return;
        controller.close();
        ended.resolve(sent);
      },
    });
    const another = new AbortController();
    for await (const { type } of followRun('req_1', { signal: another.signal, body, tell() {} })) {
      another.abort();
      if (type !== 'part-delta') throw new Error(type);
      break;
    }
    return ended.promise;
  })()`);
  expect(read).toBe(1000);
});

test('one that waits is stopped', async () => {
  const page = await open();
  await start(page, 'run: touch stopped');
  await page.locator('.input-card').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('#run-head', { hasText: 'cancelled' }).waitFor();
  await page.locator('.input-card').waitFor({ state: 'detached' });
  expect(await made()).not.toContain('stopped');
});

async function open(options: BrowserContextOptions = {}) {
  const watched = await openPage(browser, `${proxy.url}/agents`, options);
  opened.push(watched);
  await signIn(watched.page);
  return watched.page;
}

async function start(page: Page, prompt: string) {
  await page.getByLabel('What shall the agent do?').fill(prompt);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
}

async function made() {
  return readdir(join(proxy.folder, 'workspace'));
}
