import { execFile } from 'node:child_process';
import { stripTypeScriptTypes } from 'node:module';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { toSnippets } from '../../../src/dashboard/try-it/snippets.ts';
import { TRIALS } from '../../../src/dashboard/trials.ts';
import { APIS } from '../../../src/dialects/index.ts';
import type { Trial } from '../../../src/dialects/trial.ts';
import { createTestApp, get, post } from '../../support/create-test-app.ts';

/** The page's own script. */
type ReadAnswer = {
  readEvents: (stream: Response['body']) => AsyncIterable<unknown>;
  toText: (reading: object, event: unknown) => string;
  isEnd: (reading: object, event: unknown) => boolean;
  toWholeText: (reading: object, answer: unknown) => string;
};

const pageScript: ReadAnswer = await import(pathToFileURL('assets/read-answer.js').href);

/** What the page is told of a trial. */
const Described = z.object({ reading: z.looseObject({}), body: z.looseObject({}) });

const run = promisify(execFile);

const URL = 'http://127.0.0.1:6789';

/** What breaks out of quotes in a shell, in Python and in JavaScript. */
const NASTY = `it's "quoted" \\ $(touch x) \`id\` \${HOME} $& 🎈\n</script>`;
const TRIAL = { model: 'sonnet', prompt: NASTY };

describe.each(TRIALS)('$title', (trial) => {
  const { path, toBody }: Trial = trial;

  test('the request is one that the server takes', async () => {
    const response = await post(createTestApp(), path, toBody(TRIAL));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(
      /^(text\/event-stream|application\/x-ndjson)/,
    );
    expect(await response.text()).toContain('Hello.');
  });

  test('the page finds the words of the answer, streamed and in one piece, and its end', async () => {
    const app = createTestApp();
    const asked = { dialect: trial.name, ...TRIAL };
    const send = (body: object) => post(app, path, body);
    const described = async (form: object) =>
      Described.parse(await (await post(app, '/dashboard/trial', form)).json());
    const { reading, body } = await described(asked);
    const events = await Array.fromAsync(pageScript.readEvents((await send(body)).body));
    expect(events.map((event) => pageScript.toText(reading, event)).join('')).toBe('Hello.');
    expect(events.findIndex((event) => pageScript.isEnd(reading, event))).toBe(events.length - 1);

    const { body: whole } = await described({ ...asked, isWhole: 'on' });
    expect(pageScript.toWholeText(reading, await (await send(whole)).json())).toBe('Hello.');
  });

  test('the shell hands curl the whole prompt, and runs nothing in it', async () => {
    const { curl } = toSnippets(trial, TRIAL, URL);
    const script = `curl() { for word; do printf '%s\\0' "$word"; done; }\n${curl}`;
    const { stdout } = await run('sh', ['-c', script], { env: { PROXY_API_KEY: 'the-key' } });
    const words = stdout.split('\0');
    expect(words).toContain(URL + path);
    expect(words).toContain('Authorization: Bearer the-key');
    expect(JSON.parse(words[words.indexOf('-d') + 1] ?? '')).toEqual(toBody(TRIAL));
  });

  test('the TypeScript is code', () => {
    const { typescript } = toSnippets(trial, TRIAL, URL);
    const code = stripTypeScriptTypes(typescript).replace(/^import .*$/m, '');
    expect(() => new Script(`async () => {${code}}`)).not.toThrow();
    expect(typescript).toContain(JSON.stringify(NASTY));
  });

  test('Python and LangChain name the server and the prompt, and no key', () => {
    const { python, langchain } = toSnippets(trial, TRIAL, URL);
    for (const code of [python, langchain]) {
      expect(code).toContain(URL);
      expect(code).toContain(JSON.stringify(NASTY));
      expect(code).toContain('os.environ["PROXY_API_KEY"]');
    }
  });
});

test('whatever dialect is served can be tried, under its own name and path', () => {
  const served = APIS.flatMap(({ dialects }) => dialects.map(({ name, path }) => ({ name, path })));
  const tried = TRIALS.map(({ name, path }) => ({ name, path }));
  expect(tried).toEqual(expect.arrayContaining(served));
  expect(new Set(tried.map(({ name }) => name)).size).toBe(tried.length);
});

test('what is typed into the form stands nowhere as markup', async () => {
  const app = createTestApp();
  const body = { model: '<b>', input: '<img src=x onerror=alert(1)>' };
  await post(app, '/v1/responses', body);
  const stored = await (await get(app, '/dashboard/stored')).text();
  expect(stored).toContain('&lt;img src=x onerror=alert(1)&gt;');
  expect(stored).not.toContain('<img');
  const now = await (await get(app, '/dashboard/now')).text();
  expect(now).toContain('&lt;b&gt;');
});
