import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { holdAnswers } from '../support/hold-answers.ts';
import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { openBrowser } from './open-browser.ts';
import { closePage, openPage, signIn, type WatchedPage } from './open-page.ts';

const ASKED = {
  model: 'sonnet',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Good morning.' }],
};

let proxy: Proxy;
let browser: Browser;
let close: () => Promise<void>;
let held: ReturnType<typeof holdAnswers>;
const opened: WatchedPage[] = [];

beforeAll(async () => {
  held = holdAnswers('one two three four');
  proxy = await startProxy({
    answer: (body, request) =>
      JSON.stringify(body.messages).includes('hold')
        ? held.answer(body, request)
        : demoAnswer(body),
  });
  ({ browser, close } = await openBrowser());
});

afterAll(async () => {
  await close?.();
  await proxy?.stop();
});

/** No page complains, or asks anybody else for anything, whatever is done with it. */
afterEach(async () => {
  for (const watched of opened.splice(0)) await closePage(watched, proxy.url);
});

test('nobody sees anything without the key, and a wrong one is told so', async () => {
  const { page, complaints } = await open();
  await page.getByLabel('Key of this server').fill('a-wrong-key-0123456789');
  await page.getByRole('button', { name: 'Sign in' }).click();
  expect(await page.getByRole('alert').textContent()).toContain('not a key of this server');
  expect(await page.getByRole('heading', { name: 'Now' }).count()).toBe(0);
  expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]); // of the browser itself
});

test('the key is neither in the page nor in anything that a script can read', async () => {
  const { page } = await open();
  await signIn(page);
  expect(page.url()).toBe(`${proxy.url}/`);
  expect(await page.content()).not.toContain(KEY);
  const readable = await page.evaluate(
    'document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)',
  );
  expect(readable).toBe('{}{}');
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  expect(cookie?.value).not.toContain(KEY);
});

test('signing out ends it, also for who kept the cookie', async () => {
  const { page } = await open();
  await signIn(page);
  const cookies = await page.context().cookies();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Key of this server').waitFor();
  await page.context().addCookies(cookies);
  await page.goto(proxy.url);
  expect(await page.getByLabel('Key of this server').count()).toBe(1);
});

test('a live stream appears and ends; what ran is in the charts', async () => {
  const { page } = await open('/try');
  await signIn(page);
  await send(page, 'OpenAI chat completions', 'hold this');
  await page.getByText('one two', { exact: false }).waitFor();
  const overview = await openTab(page, '/');
  const row = overview.locator('#running tbody tr', { hasText: 'answering' });
  expect(await row.textContent()).toMatch(/OpenAI chat completions.*claude-sonnet-5-5.*owner/s);
  held.release();
  await page.locator('#trial-state', { hasText: 'Done in' }).waitFor();
  expect((await page.locator('.answer').textContent())?.trim()).toBe('one two three four');
  await overview.getByText('No request is running.').waitFor();
  await overview.getByText('Ended last').waitFor();

  await overview.getByRole('button', { name: 'Last day' }).click();
  await overview.locator('#range-day[aria-pressed=true]').waitFor();
  expect(await overview.locator('.chart').count()).toBe(9);
  expect(await overview.locator('.chart rect').count()).toBeGreaterThan(0);
  expect(await overview.locator('.chart path').first().boundingBox()).not.toBeNull();
});

test.each(['OpenAI responses', 'OpenAI completions', 'Anthropic messages', 'Agent (/api/run)'])(
  '%s streams into the page',
  async (api) => {
    const { page } = await open('/try');
    await signIn(page);
    await send(page, api, 'Good morning.');
    await page.locator('#trial-state', { hasText: 'Done in' }).waitFor();
    expect(await page.locator('.answer, .log > .words').textContent()).toContain(
      'You said: "Good morning."',
    );
    await page.locator('.facts-line', { hasText: /tokens in.* out · / }).waitFor();
  },
);

test('a stop in the list ends the request, whose answer says so', async () => {
  held = holdAnswers('five six seven eight');
  const { page } = await open('/try');
  await signIn(page);
  await send(page, 'Anthropic messages', 'hold this');
  await page.getByText('five six', { exact: false }).waitFor();
  const overview = await openTab(page, '/');
  await overview.locator('#running').getByRole('button', { name: /^Stop/ }).click();
  await page
    .locator('.failure .reason', { hasText: 'The operator of this server stopped' })
    .waitFor();
  await overview.getByText('No request is running.').waitFor();
  expect(await overview.locator('#recent tbody tr').first().textContent()).toContain('cancelled');
});

test('the stop under the prompt ends it, too', async () => {
  held = holdAnswers('five six seven eight');
  const { page } = await open('/try');
  await signIn(page);
  await send(page, 'OpenAI chat completions', 'hold this');
  await page.getByText('five six', { exact: false }).waitFor();
  await page.locator('#trial-stop').click();
  await page.locator('#trial-state', { hasText: 'Stopped' }).waitFor();
  expect(await page.locator('.answer, .log > .words').textContent()).not.toContain('seven');
  await page.goto(proxy.url);
  await page.getByText('No request is running.').waitFor();
});

test('stored responses are read and deleted', async () => {
  await proxy.send('/v1/responses', { model: 'sonnet', input: 'Remember the milk.' });
  const { page } = await open('/sessions');
  await signIn(page);
  const item = page.locator('.stored li', { hasText: 'Remember the milk.' });
  await item.locator('summary').click();
  await item.getByText('You said: "Remember the milk."', { exact: false }).waitFor();
  page.on('dialog', (dialog) => void dialog.accept());
  await item.getByRole('button', { name: /^Delete/ }).click();
  await item.waitFor({ state: 'detached' });
  await page.reload();
  expect(await page.locator('.stored li', { hasText: 'Remember the milk.' }).count()).toBe(0);
});

test('a session is read, its tools included', async () => {
  const run = { model: 'sonnet', prompt: 'demo:bash=printf green', allowedTools: ['Bash'] };
  await (await proxy.send('/api/run', run)).json();
  const { page } = await open('/sessions');
  await signIn(page);
  const item = page.locator('.stored li', { hasText: 'demo:bash' });
  await item.locator('summary').press('Enter');
  await item.getByText('Bash({"command":"printf green"', { exact: false }).waitFor();
  expect(await item.locator('.said dd').allTextContents()).toContain('green');
});

test('saving one key leaves what was written for another', async () => {
  const { page } = await open('/keys');
  await signIn(page);
  for (const name of ['first', 'second']) await addKey(page, name);
  const [first, second] = ['first', 'second'].map((name) =>
    page.locator('#keys li', { hasText: new RegExp(`^\\s*${name}\\b`) }),
  ) as [Locator, Locator];
  await second.getByLabel('Requests per minute').fill('99');
  await second.getByLabel('agent', { exact: true }).check();
  await first.getByLabel('Requests per minute').fill('5');
  await first.getByRole('button', { name: 'Save' }).click();
  await first.getByText('Saved').waitFor();

  expect(await second.getByLabel('Requests per minute').inputValue()).toBe('99');
  expect(await second.getByLabel('agent', { exact: true }).isChecked()).toBe(true);
  expect(await first.locator('summary').textContent()).toContain('5 requests/min');
  expect(await first.getByLabel('Requests per minute').inputValue()).toBe('5');
});

test('a key is added, shown once, changed and revoked, by keyboard alone', async () => {
  const { page, complaints } = await open('/keys', {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await signIn(page);
  await page.getByText('Add a key').focus();
  await page.keyboard.press('Enter');
  const form = page.locator('#add-key');
  await form.getByLabel('Name', { exact: true }).fill('laptop');
  await form.getByLabel('Requests per minute').fill('7');
  await form.getByLabel('Models, one a line').fill('sonnet\n claude-opus-5-5 \n');
  await page.keyboard.press('Tab');
  await form.getByRole('button', { name: 'Add' }).press('Enter');

  const shown = page.getByRole('region', { name: 'New key' });
  await shown.waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('new-key');
  const key = (await page.locator('#new-key-text').textContent()) ?? '';
  await shown.getByRole('button', { name: 'Copy' }).press('Enter');
  await shown.getByText('Copied').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key);
  const models = await ask(key);
  expect(models.status).toBe(200);
  expect(((await models.json()) as { data: unknown[] }).data).toHaveLength(2);

  const item = page.locator('#keys li', { hasText: 'laptop' });
  expect(await item.locator('summary').textContent()).toContain('7 requests/min');
  await item.locator('summary').press('Enter');
  expect(await item.getByLabel('Models, one a line').inputValue()).toBe('sonnet\nclaude-opus-5-5');
  await item.getByLabel('Models, one a line').fill('');
  await item.getByLabel('Tokens per day').fill('0');
  await item.locator('form.fields').evaluate((node) => Object.assign(node, { noValidate: true })); // the server's turn
  await item.getByRole('button', { name: 'Save' }).press('Enter');
  await item.getByRole('status').getByText('tokensPerDay').waitFor();
  expect(complaints.splice(0)).toEqual([expect.stringContaining('400')]); // of the browser itself
  await item.getByLabel('Tokens per day').fill('5000');
  await item.getByRole('button', { name: 'Save' }).press('Enter');
  await item.getByText('Saved').waitFor();
  expect(await item.locator('summary').textContent()).toMatch(/chat · 7 .* 5,000 tokens\/day/);
  expect(((await (await ask(key)).json()) as { data: unknown[] }).data.length).toBeGreaterThan(2);

  await page.reload();
  expect(await page.content()).not.toContain(key);
  page.once('dialog', (dialog) => void dialog.dismiss());
  await item.getByRole('button', { name: 'Revoke the key laptop' }).press('Enter');
  expect((await ask(key)).status).toBe(200);
  page.once('dialog', (dialog) => void dialog.accept());
  await item.getByRole('button', { name: 'Revoke the key laptop' }).press('Enter');
  await item.waitFor({ state: 'detached' });
  expect((await ask(key)).status).toBe(401);
});

test('a key gets a new text, and the page says until when the old one holds', async () => {
  const { page } = await open('/keys');
  await signIn(page);
  await addKey(page, 'rotated');
  const old = (await page.locator('#new-key-text').textContent()) ?? '';
  const item = page.locator('#keys li', { hasText: 'rotated' });
  await item.getByLabel('the old one holds').selectOption('an hour');
  await item.getByRole('button', { name: 'Rotate', exact: true }).click();
  await item.getByText('rotated has a new one; the old one holds until').waitFor();
  const key = (await page.locator('#new-key-text').textContent()) ?? '';
  expect(key).not.toBe(old);
  expect([(await ask(old)).status, (await ask(key)).status]).toEqual([200, 200]);
  expect(await item.locator('summary').textContent()).toContain('The old one holds until');

  await item.getByLabel('the old one holds').selectOption('not at all');
  await item.getByRole('button', { name: 'Rotate', exact: true }).click();
  await item.getByText('the old one is no use any more').waitFor();
  expect((await ask(key)).status).toBe(401);
});

test('the same request is shown as code, and tabs obey the arrow keys', async () => {
  const { page } = await open('/try');
  await signIn(page);
  await page.getByLabel('Message 1', { exact: true }).fill('What is "new"?');
  await page.locator('#snippet-json', { hasText: 'new' }).waitFor();
  await page.getByRole('tab', { name: 'JSON' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  expect(await page.locator('#snippet-python').textContent()).toContain(
    String.raw`"What is \"new\"?"`,
  );
  expect(await page.locator('#snippet-curl').isVisible()).toBe(false);
});

test('a row opens its details; a key filters; the times of the form are the reader’s own', async () => {
  for (const sent of [ASKED, ASKED]) await (await proxy.send('/v1/messages', sent)).text();
  const { page } = await open('/', { timezoneId: 'Asia/Tokyo' });
  await signIn(page);
  await page.locator('#recent').getByRole('link', { name: 'owner' }).first().click();
  await page.getByRole('heading', { name: 'Requests' }).waitFor();
  expect(new URL(page.url()).search).toBe('?key=default');

  const row = page.locator('.requests tbody').first();
  await row.locator('summary').press('Enter');
  expect(await row.locator('.details').textContent()).toMatch(/first token .*Request\s+req_/s);
  expect(await row.locator('.timing svg').isVisible()).toBe(true);

  await page.getByLabel('From').fill('2026-01-01T09:00');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(/from=/);
  expect(new URL(page.url()).search).toBe('?key=default&from=2026-01-01T00%3A00Z');
  expect(await page.getByLabel('From').inputValue()).toBe('2026-01-01T09:00');

  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'All that fit as CSV' }).click();
  expect((await download).suggestedFilename()).toBe('requests.csv');
});

test('each page has its address, and the way back leads back', async () => {
  const { page } = await open('/keys');
  await signIn(page);
  expect(page.url()).toBe(`${proxy.url}/keys`);
  await page.getByRole('link', { name: 'Try it' }).click();
  await page.getByRole('heading', { name: 'Try it' }).waitFor();
  expect(await page.getByRole('link', { name: 'Try it' }).getAttribute('aria-current')).toBe(
    'page',
  );
  await page.goBack();
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  expect(page.url()).toBe(`${proxy.url}/keys`);
});

test('keys lead from page to page, and a list tells which', async () => {
  const { page } = await open('/');
  await signIn(page);
  await page.waitForLoadState(); // its scripts have run then
  await page.keyboard.press('?');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await list.getByText('Usage').waitFor();
  await page.keyboard.press('Escape');
  await list.waitFor({ state: 'hidden' });
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await page.waitForURL(`${proxy.url}/requests`);
  await page.keyboard.press('/');
  await page.keyboard.type('g k?');
  expect(await page.getByRole('searchbox').inputValue()).toBe('g k?');
  expect(page.url()).toBe(`${proxy.url}/requests`);
});

test('a link carries the form to another browser, through the sign-in', async () => {
  const { page } = await open('/try');
  await signIn(page);
  await page.getByLabel('API').selectOption('Anthropic messages');
  await page.getByLabel('Message 1', { exact: true }).fill('One\nand "two"');
  await page.locator('#trial-link[href*=two]').waitFor();
  const link = (await page.locator('#trial-link').getAttribute('href')) ?? '';
  const { page: other } = await open(link.replace(proxy.url, ''));
  await signIn(other);
  expect(await other.getByLabel('Message 1', { exact: true }).inputValue()).toBe('One\nand "two"');
  expect(await other.getByLabel('API').inputValue()).toBe('anthropic-messages');
});

test('a page that looks around asks for the key when the sign-in is over', async () => {
  const { page, complaints } = await open();
  await signIn(page);
  await page.context().clearCookies();
  await page.getByLabel('Key of this server').waitFor();
  expect(complaints.splice(0).join()).toContain('401'); // of the browser itself
});

function ask(key: string) {
  return fetch(`${proxy.url}/v1/models`, { headers: { 'x-api-key': key } });
}

async function open(path = '/', options: Parameters<typeof openPage>[2] = {}) {
  const watched = await openPage(browser, proxy.url + path, options);
  opened.push(watched);
  return watched;
}

/** Another page of the same browser. */
async function openTab(page: Page, path: string) {
  const tab = await page.context().newPage();
  await tab.goto(proxy.url + path);
  return tab;
}

async function send(page: Page, api: string, prompt: string) {
  await page.getByLabel('API').selectOption(api);
  await page.getByLabel('Message 1', { exact: true }).fill(prompt);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** Leaves the new key, its form and the form for the next one open. */
async function addKey(page: Page, name: string) {
  const form = page.locator('#add-key');
  if (!(await form.getByLabel('Name', { exact: true }).isVisible()))
    await page.getByText('Add a key').click();
  await page.locator('#add-key').getByLabel('Name', { exact: true }).fill(name);
  await page.locator('#add-key').getByLabel('Requests per minute').fill('20');
  await page.locator('#add-key').getByRole('button', { name: 'Add' }).click();
  await page.getByRole('region', { name: 'New key' }).waitFor();
  await page.locator('#keys summary', { hasText: name }).click();
}
