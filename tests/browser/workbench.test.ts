import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { type Listening, listen } from '../../src/http/listen.ts';
import { RunError } from '../../src/run-error.ts';
import type { Run, RunEvent, RunRequest, StartedPart } from '../../src/run.ts';
import { APP_KEY, createTestApp } from '../support/create-test-app.ts';
import { findFaults, NO_FAULTS } from './find-faults.ts';
import { openBrowser } from './open-browser.ts';
import { closePage, openPage, signIn, type WatchedPage } from './open-page.ts';

/** Pictures are kept where this variable says, for people to look at. */
const PICTURES = process.env['PICTURES'];

const TOOLS = `[
  {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
      "type": "object",
      "properties": { "city": { "type": "string" } },
      "required": ["city"]
    }
  }
]`;

const SCHEMA = '{"type": "object", "properties": {"sky": {"type": "string"}}}';

const USAGE = { input: 480, output: 96, cacheRead: 1200, cacheWrite: 0, reasoning: 40 };

const AGENT = {
  result: 'It is sunny.',
  turns: 1,
  costUsd: 0.25,
  permissionDenials: [],
  stoppedTasks: [],
  structuredOutput: undefined,
};

/** A picture of two by two pixels. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==',
  'base64',
);

/** What was asked, in order. */
const asked: RunRequest[] = [];

/** Thinks; calls the tool that it was given, and then tells of its result; waits when told to. */
const run: Run = async function* weather(request, signal) {
  asked.push(request);
  const said = JSON.stringify(request.messages);
  if (request.model === 'opus' && said.includes('limit'))
    throw new RunError('rate-limited', 'The limit of the account is reached.');
  yield {
    type: 'run-start',
    id: 'msg_1',
    model: toFullId(request),
    sessionId: undefined,
    usage: USAGE,
  };
  yield* toPart(0, { type: 'reasoning' }, 'The user wants to know the weather.');
  const tool = request.tools[0];
  const isCalling = tool !== undefined && !said.includes('tool-result');
  if (said.includes('wait')) await untilAborted(signal);
  yield* isCalling
    ? toPart(1, { type: 'tool-call', id: 'toolu_1', name: tool.name }, '{"city":"Paris"}')
    : toPart(1, { type: 'text' }, 'It is sunny in Paris, with **18 °C**.');
  yield {
    type: 'run-end',
    finish: isCalling ? 'tool-calls' : 'stop',
    stopSequence: undefined,
    usage: USAGE,
    agent: request.agent && AGENT,
  };
};

let server: Listening;
let browser: Browser;
let close: () => Promise<void>;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  server = await listen({
    fetch: createTestApp({ run, settings: { maxBodyBytes: 1_000_000 } }).fetch,
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 10_000,
    requestTimeoutMs: 60_000,
  });
  ({ browser, close } = await openBrowser());
});

beforeEach(async () => {
  asked.length = 0;
  await open();
});

afterEach(() => closeWorkbench());

afterAll(async () => {
  await close?.();
  const drained = server.drain();
  server.cut();
  await drained;
});

test('several messages with their roles, in the order to which they are moved', async () => {
  await fillMessage(1, 'first');
  await page.getByRole('button', { name: 'Add a message' }).click();
  await page.getByRole('button', { name: 'Add a message' }).click();
  await page.getByRole('button', { name: 'Add a message' }).click();
  expect(await page.getByLabel('Role of message 2').inputValue()).toBe('assistant');
  await fillMessage(2, 'second');
  await fillMessage(3, 'third');
  await page.getByRole('button', { name: 'Move up message 3' }).click();
  await page.getByRole('button', { name: 'Remove message 4' }).click();
  await page.getByLabel('Role of message 3').selectOption('user');
  await page.getByLabel('System', { exact: true }).fill('Be brief.');
  await send();
  expect(asked[0]?.instructions).toEqual(['Be brief.']);
  expect(asked[0]?.messages).toMatchObject([
    { role: 'user', parts: [{ text: 'first' }, { text: 'third' }, { text: 'second' }] },
  ]);
});

test.each(['OpenAI chat completions', 'OpenAI responses', 'Anthropic messages', 'Ollama chat'])(
  '%s: a call is shown with a box for its result, with which it goes on',
  async (api) => {
    await page.getByLabel('API').selectOption(api);
    await openFold('Tools');
    await page.getByLabel('Tools as JSON').fill(TOOLS);
    await send();
    expect(asked[0]?.tools).toMatchObject([
      { name: 'get_weather', inputSchema: { required: ['city'] } },
    ]);
    const calls = page.locator('.calls');
    expect(await calls.locator('pre').textContent()).toContain('"city": "Paris"');
    await calls.getByLabel('Result of get_weather').fill('18 °C, sunny');
    if (api === 'Anthropic messages') await picture('call');
    await page.keyboard.press('Control+Enter');
    await page.locator('.answer', { hasText: 'It is sunny' }).waitFor();
    expect(asked[1]?.messages.slice(1)).toMatchObject([
      {
        role: 'assistant',
        parts: [{ type: 'tool-call', name: 'get_weather', input: { city: 'Paris' } }],
      },
      { role: 'user', parts: [{ type: 'tool-result', content: [{ text: '18 °C, sunny' }] }] },
    ]);
  },
);

test('JSON that is none is told beside its field, and nothing is sent', async () => {
  await openFold('Tools');
  const field = page.getByLabel('Tools as JSON');
  await field.fill('[{"name": }]');
  const complaint = page.locator('#complaint-tools');
  await complaint.getByText('This is not JSON').waitFor();
  expect(await field.getAttribute('aria-describedby')).toBe('complaint-tools');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Something in the form has to be mended first.').waitFor();
  await picture('complaint');
  await field.fill('[{"title": "x"}]');
  await complaint.getByText('tools.0.name').waitFor();
  await field.fill(TOOLS);
  await complaint.waitFor({ state: 'detached' });
  expect(asked).toEqual([]);
});

test('sampling, a schema, effort and thinking reach the model', async () => {
  await page.getByLabel('API').selectOption('Anthropic messages');
  await openFold('Sampling and thinking');
  await page.getByLabel('Temperature').fill('0.5');
  await page.getByLabel('Top p').fill('0.9');
  await page.getByLabel('Most tokens').fill('300');
  await page.getByLabel('Stop at').fill('END\nSTOP');
  await page.getByLabel('Effort').selectOption('low');
  await page.getByLabel('Thinking').selectOption('on');
  await openFold('JSON schema');
  await page.getByLabel('JSON schema of the answer').fill(SCHEMA);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.exchange .facts-line').waitFor();
  expect(asked[0]).toMatchObject({
    sampling: { temperature: 0.5, topP: 0.9, maxOutputTokens: 300, stop: ['END', 'STOP'] },
    effort: 'low',
    thinking: { type: 'adaptive' },
    output: { type: 'json', schema: JSON.parse(SCHEMA) },
  });
});

test.each(['OpenAI chat completions', 'OpenAI responses', 'Anthropic messages', 'Ollama chat'])(
  '%s: a picture of a file is shown and sent',
  async (api) => {
    await page.getByLabel('API').selectOption(api);
    const file = { name: 'dot.png', mimeType: 'image/png', buffer: PICTURE };
    await page.getByLabel('Add a picture to message 1').setInputFiles(file);
    await page.getByRole('img', { name: 'dot.png' }).waitFor();
    await page.locator('#snippet-json', { hasText: 'BASE64-OF-dot.png' }).waitFor();
    await send();
    expect(asked[0]?.messages[0]?.parts).toContainEqual(
      expect.objectContaining({
        type: 'image',
        source: { kind: 'base64', mediaType: 'image/png', data: PICTURE.toString('base64') },
      }),
    );
    expect(await page.getByLabel('What was sent').textContent()).toContain('BASE64-OF-dot.png');
    await page.getByRole('button', { name: 'Remove dot.png' }).click();
    expect(await page.locator('.pictures').count()).toBe(0);
  },
);

test('a picture is pasted into a message', async () => {
  await page.getByLabel('Message 1', { exact: true }).waitFor();
  await page.evaluate(`{
    const bytes = Uint8Array.from(atob('${PICTURE.toString('base64')}'), (one) => one.charCodeAt(0));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }));
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true });
    document.querySelector('.messages textarea').dispatchEvent(event);
  }`);
  await page.getByRole('img', { name: 'pasted.png' }).waitFor();
  expect(await page.locator('.pictures li').count()).toBe(1);
});

test('the request and the stream stand beside the answer, to the letter', async () => {
  // The log knows the cost from the CLI, which is not there.
  await page.route('**/api/admin/requests?*', (route) =>
    route.fulfill({ json: { requests: [{ costUsd: 0.0123 }] } }),
  );
  await page.getByLabel('API').selectOption('OpenAI chat completions');
  await openFold('Sampling and thinking');
  await page.getByLabel('Temperature').fill('1.5');
  await send();
  const request = await page.getByLabel('What was sent').locator('pre').textContent();
  expect(request).toContain('POST /v1/chat/completions');
  expect(request).toContain('"temperature": 1.5');
  const stream = await page.getByLabel('What came, to the letter').locator('pre').textContent();
  expect(stream).toMatch(/^data: \{"id":"chatcmpl-1".*data: \[DONE\]\n\n$/s);
  const thinking = page.locator('.thinking');
  expect(await thinking.getAttribute('open')).toBeNull();
  expect(await thinking.textContent()).toContain('wants to know the weather');
  await page.locator('.facts-line', { hasText: '$0.0123' }).waitFor();
  const facts = await page.locator('.facts-line').textContent();
  expect(facts).toContain('1,680 tokens in (1,200 from the cache), 96 out (40 of thinking)');
  expect(facts).toMatch(/ended with stop · req_/);
  expect(await page.locator('.ignored').textContent()).toMatch(/temperature$/);
});

test('two models answer the same request side by side; each fails by itself', async () => {
  await page.getByLabel('Beside it').fill('opus');
  await fillMessage(1, 'How is the weather in Paris?');
  await send();
  const titles = page.locator('.exchange h3');
  expect(await titles.allTextContents()).toEqual([
    'Answer of claude-sonnet-5-5',
    'Answer of claude-opus-5-5',
  ]);
  expect(new Set(asked.map(({ model }) => model))).toEqual(new Set(['sonnet', 'opus']));
  const [left, right] = await Promise.all(
    [0, 1].map((at) => page.locator('.exchange').nth(at).boundingBox()),
  );
  expect(left?.y).toBe(right?.y);
  await picture('two');

  await fillMessage(1, 'limit');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.failure', { hasText: 'opus: 429' }).waitFor();
  await page.locator('#trial-state', { hasText: /sonnet: Done .* opus: Failed/ }).waitFor();
  await picture('broken');
});

test('keys send and stop', async () => {
  await fillMessage(1, 'wait');
  await page.keyboard.press('Control+Enter');
  await page.locator('.thinking').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#trial-state', { hasText: 'Stopped' }).waitFor();
  expect(await page.locator('#trial-stop').isDisabled()).toBe(true);
});

test('an agent has a folder, tools and a mode, and its log', async () => {
  await page.getByLabel('API').selectOption('Agent (/api/run)');
  await page.getByLabel('Folder').fill('/srv/project');
  await page.getByLabel('When a tool needs leave').selectOption('acceptEdits');
  await page.getByLabel('Tools allowed unasked').fill('Read\nBash(git log *)');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.log .words', { hasText: 'It is sunny' }).waitFor();
  expect(asked[0]?.agent).toMatchObject({
    workingDirectory: '/srv/project',
    permissionMode: 'acceptEdits',
    allowedTools: ['Read', 'Bash(git log *)'],
  });
  await page.locator('.facts-line', { hasText: '$0.25' }).waitFor();
});

test('a reload and a link keep the form, without the key; signing out forgets it', async () => {
  await fillMessage(1, 'How is the weather?');
  await page.getByLabel('System', { exact: true }).fill('Be brief.');
  await openFold('Tools');
  await page.getByLabel('Tools as JSON').fill(TOOLS);
  await page.getByRole('button', { name: 'Add a message' }).click();
  await fillMessage(2, 'Where?');
  await page.locator('#trial-link[href*=Where]').waitFor();
  await page.locator('#snippet-json', { hasText: 'Where?' }).waitFor(); // it is kept by then
  const link = (await page.locator('#trial-link').getAttribute('href')) ?? '';
  await page.reload();
  await expectFilled();
  await page.getByLabel('Message 1', { exact: true }).fill('something else');
  await page.goto(server.url + link);
  await expectFilled();
  const kept = await page.evaluate<string>('JSON.stringify({ ...sessionStorage })');
  expect(kept).toContain('Where?');
  expect(kept + link).not.toContain(APP_KEY);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Key of this server').waitFor();
  expect(await page.evaluate<string>('JSON.stringify({ ...sessionStorage })')).toBe('{}');
});

test.each([
  '[1]',
  '[]',
  '{"role":"user","text":"x"}',
  '[{"role":"system","text":"x"}]',
  '[{"role":"user","text":1}]',
  '[{"role":"assistant","text":"x","calls":"many"}]',
  '[{"role":"assistant","text":"x","calls":[null]}]',
])('a link that somebody bent does no harm: %s', async (messages) => {
  const given = encodeURIComponent(messages);
  await page.goto(`${server.url}/try?messages=${given}&dialect=nothing&model=<b>&constructor=1`);
  expect(await page.getByLabel('Message 1', { exact: true }).inputValue()).toContain('hello');
  expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('<b>');
  expect(await page.getByLabel('API').inputValue()).toBe('openai-chat');
});

test('no picture comes out of a link', async () => {
  const given = JSON.stringify([{ role: 'user', text: 'x', images: 'none' }]);
  await page.goto(`${server.url}/try?messages=${encodeURIComponent(given)}`);
  expect(await page.getByLabel('Message 1', { exact: true }).inputValue()).toBe('x');
});

test.each([
  ['effort=endless', '#complaint-effort'],
  ['dialect=direct&permissionMode=never', '#complaint-permissionMode'],
])('what is wrong with a choice of a link is told: %s', async (query, complaint) => {
  await page.goto(`${server.url}/try?${query}`);
  await page.locator(complaint).waitFor();
  expect(await page.locator(complaint).textContent()).toContain('Invalid option');
});

test('what is typed while a picture is read stays', async () => {
  await page.evaluate(`{
    const read = FileReader.prototype.readAsDataURL;
    FileReader.prototype.readAsDataURL = function (file) {
      globalThis.readNow = () => read.call(this, file);
    };
  }`);
  const file = { name: 'dot.png', mimeType: 'image/png', buffer: PICTURE };
  await page.getByLabel('Add a picture to message 1').setInputFiles(file);
  await fillMessage(1, 'typed meanwhile');
  await page.evaluate('readNow()');
  await page.getByRole('img', { name: 'dot.png' }).waitFor();
  expect(await page.getByLabel('Message 1', { exact: true }).inputValue()).toBe('typed meanwhile');
});

test('a description that comes late does not stand for the form of now', async () => {
  const late = Promise.withResolvers<void>();
  const isAsked = Promise.withResolvers<void>();
  await page.route('**/dashboard/trial', async (route) => {
    if (!route.request().postData()?.includes('"early"')) return route.continue();
    isAsked.resolve();
    await late.promise;
    await route.continue();
  });
  await fillMessage(1, 'early');
  await isAsked.promise;
  await fillMessage(1, 'later');
  await page.locator('#snippet-json', { hasText: 'later' }).waitFor();
  const answered = page.waitForResponse((response) =>
    Boolean(response.request().postData()?.includes('"early"')),
  );
  late.resolve();
  await (await answered).finished();
  await page.evaluate('new Promise((drawn) => setTimeout(drawn, 100))');
  expect(await page.locator('#snippet-json').textContent()).toContain('later');
});

test('that the server is gone is told above the code', async () => {
  await page.route('**/dashboard/trial', (route) => route.abort());
  await fillMessage(1, 'How?');
  await page.getByText('The server does not answer.').waitFor();
  expect(await page.locator('#snippet-json').textContent()).toBe('');
});

test('what the code can hold is told', async () => {
  await fillMessage(1, 'How?');
  await page.getByRole('tab', { name: 'Python' }).click();
  await page.locator('#snippet-python', { hasText: '"How?"' }).waitFor();
  await page.getByLabel('System', { exact: true }).fill('Be brief.');
  await page.locator('#code-python', { hasText: 'Shown for a request of one text' }).waitFor();
  await page.getByRole('tab', { name: 'curl' }).click();
  expect(await page.locator('#snippet-curl').textContent()).toContain('Be brief.');
});

test.each([
  ['light', {}],
  ['dark', { colorScheme: 'dark' as const }],
  ['phone', { viewport: { width: 375, height: 740 }, hasTouch: true }],
])('full on a %s screen', async (screen, options) => {
  await page.context().close();
  await open(options);
  await page.getByLabel('API').selectOption('Anthropic messages');
  await page.getByLabel('System', { exact: true }).fill('Answer in one sentence.');
  await fillMessage(1, 'How is the weather in Paris?');
  await openFold('Tools');
  await page.getByLabel('Tools as JSON').fill(TOOLS);
  await openFold('Sampling and thinking');
  await page.getByLabel('Most tokens').fill('500');
  await page.getByLabel('Thinking').selectOption('on');
  const file = { name: 'sky-over-paris.png', mimeType: 'image/png', buffer: PICTURE };
  await page.getByLabel('Add a picture to message 1').setInputFiles(file);
  await page.getByRole('img').waitFor();
  await send();
  await page.getByLabel('Result of get_weather').fill('18 °C, sunny');
  await picture(`full-${screen}`);
  await page.getByRole('button', { name: 'Go on with this result' }).click();
  await page.locator('.answer', { hasText: 'It is sunny' }).waitFor();
  await picture(`gone-on-${screen}`);
  expect(await findFaults(page)).toEqual(NO_FAULTS);
});

async function open(options: Parameters<typeof openPage>[2] = {}) {
  watched = await openPage(browser, `${server.url}/try`, options);
  ({ page } = watched);
  await signIn(page, APP_KEY);
}

/** The browser complains of nothing but the statuses that a test brings about. */
async function closeWorkbench() {
  expect(await findFaults(page)).toEqual(NO_FAULTS);
  const complaints = watched.complaints.filter(
    (text) => !text.startsWith('Failed to load resource'),
  );
  await closePage({ ...watched, complaints }, server.url);
}

function fillMessage(number: number, text: string) {
  return page.getByLabel(`Message ${number}`, { exact: true }).fill(text);
}

async function openFold(title: string) {
  await page.locator('#trial summary', { hasText: title }).click();
}

async function send() {
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('#trial-state', { hasText: 'Done in' }).waitFor();
}

async function expectFilled() {
  expect(await page.getByLabel('Message 1', { exact: true }).inputValue()).toBe(
    'How is the weather?',
  );
  expect(await page.getByLabel('Message 2', { exact: true }).inputValue()).toBe('Where?');
  expect(await page.getByLabel('System', { exact: true }).inputValue()).toBe('Be brief.');
  expect(await page.getByLabel('Tools as JSON').inputValue()).toBe(TOOLS);
}

async function picture(name: string) {
  await page.evaluate('scrollTo(0, 0)');
  if (PICTURES)
    await page.screenshot({ path: join(PICTURES, `workbench-${name}.png`), fullPage: true });
}

function toFullId({ model }: RunRequest) {
  return `claude-${model}-5-5`;
}

function* toPart(index: number, part: StartedPart, text: string): Generator<RunEvent> {
  yield { type: 'part-start', index, part };
  yield { type: 'part-delta', index, delta: text };
  yield { type: 'part-end', index };
}

function untilAborted(signal: AbortSignal) {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}
