import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { TRIALS } from '../../src/dashboard/trials.ts';
import { type Listening, listen } from '../../src/http/listen.ts';
import { RunError } from '../../src/run-error.ts';
import type { Run } from '../../src/run.ts';
import { APP_KEY, createTestApp, sayHello } from '../support/create-test-app.ts';
import { openBrowser } from './open-browser.ts';
import { openPage, signIn } from './open-page.ts';

const LIMIT = 'The limit of the account is reached.';
const LOGIN = 'The claude CLI is not logged in.';
const BREAK = 'The API failed in the middle.';

/** Fails as the prompt says. */
const run: Run = async function* fail(request, signal) {
  const said = JSON.stringify(request.messages);
  if (said.includes('limit')) throw new RunError('rate-limited', LIMIT, { retryAfterSeconds: 30 });
  if (said.includes('login')) throw new RunError('not-logged-in', LOGIN);
  for await (const event of sayHello(request, signal)) {
    yield event;
    if (event.type === 'part-delta' && said.includes('break')) {
      throw new RunError('upstream-failed', BREAK);
    }
  }
};

let server: Listening;
let browser: Browser;
let close: () => Promise<void>;
let page: Page;

beforeAll(async () => {
  server = await serve();
  ({ browser, close } = await openBrowser());
  page = await open(server);
});

afterAll(async () => {
  await close?.();
  await end(server);
});

describe.each(TRIALS)('$title', ({ name, title: api }) => {
  test.each([false, true])('shows an answer, in one piece: %s', async (isWhole) => {
    await send(api, 'Good morning.', isWhole);
    await page.locator('#trial-state', { hasText: 'Done in' }).waitFor();
    expect(await readAnswer()).toBe('Hello.');
    expect(await page.locator('.failure').isVisible()).toBe(false);
  });

  test.each([false, true])('says why, and what to do, in one piece: %s', async (isWhole) => {
    await send(api, 'limit', isWhole);
    const failure = page.locator('.failure');
    await failure.getByText(LIMIT).waitFor();
    const text = await failure.textContent();
    // Ollama's failures have no code.
    expect(text).toMatch(name.startsWith('ollama') ? /429 / : /429 rate.limit/);
    expect(text).toContain('Wait 30 s, then send it again.');
    expect(text).toMatch(/Request req_\w+/);
    expect(await page.locator('#trial-state').textContent()).toBe('Failed');
    expect(await page.locator('#notice').textContent()).toBe('');
    const [button, box] = [await boxOf('#trial [type=submit]'), await boxOf('.failure')];
    expect(box.y - button.y).toBeLessThan(120);

    await send(api, 'Good morning.', isWhole);
    await page.locator('#trial-state', { hasText: 'Done in' }).waitFor();
    expect(await failure.isVisible()).toBe(false);
  });

  test('a CLI without a login says so, and the prompt stays', async () => {
    await send(api, 'login', true);
    await page.locator('#trial-failure').getByText(LOGIN).waitFor();
    expect(await page.locator('.failure .advice').textContent()).toContain('/login');
    expect(await page.getByLabel('Message 1', { exact: true }).inputValue()).toBe('login');
  });

  test('a stream that breaks is not done', async () => {
    await send(api, 'break');
    await page.locator('#trial-failure').getByText(BREAK).waitFor();
    expect(await readAnswer()).toBe('Hello.');
    expect(await page.locator('.failure code').textContent()).toMatch(/^req_/);
    expect(await page.locator('#trial-state').textContent()).toBe('Failed');
  });
});

test('when the sign-in is over, the page asks for the key', async () => {
  // What the page asks by itself would notice first; it asks for the status when it is refused.
  await page.route('**', async (route) => {
    const asked = route.request();
    const isPoll =
      asked.resourceType() === 'fetch' &&
      asked.method() === 'GET' &&
      !asked.url().endsWith('/api/admin/status');
    await (isPoll ? route.abort() : route.continue());
  });
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByLabel('Key of this server').waitFor();
  expect(await page.locator('#trial').count()).toBe(0);
});

test('the page of a demo says that it is one', async () => {
  const demo = await serve({ isDemo: true });
  expect(await (await open(demo)).getByText('This is a demo').isVisible()).toBe(true);
  await end(demo);
});

function serve(health = {}) {
  return listen({
    fetch: createTestApp({ run, health }).fetch,
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 10_000,
    requestTimeoutMs: 60_000,
  });
}

async function end(one: Listening) {
  const drained = one.drain();
  one.cut();
  await drained;
}

async function open({ url }: Listening) {
  const watched = await openPage(browser, `${url}/try`);
  await signIn(watched.page, APP_KEY);
  expect(await watched.page.getByText('This is a demo').count()).toBe(url === server.url ? 0 : 1);
  return watched.page;
}

async function send(api: string, prompt: string, isWhole = false) {
  await page.getByLabel('API').selectOption(api);
  await page.getByLabel('Message 1', { exact: true }).fill(prompt);
  await page.getByLabel('in one piece').setChecked(isWhole);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** Text of the answer; an agent's stands in its log. */
async function readAnswer() {
  const text = await page.locator('.answer, .log > .words').textContent();
  return text?.trim();
}

async function boxOf(selector: string) {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`${selector} is not to be seen.`);
  return box;
}
