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
import type { Trial, TrialRequest } from '../../../src/dialects/trial.ts';
import { createTestApp, get, post } from '../../support/create-test-app.ts';

/** The page's own script. */
type Answer = { text: string; thinking: string; finish: string };
type ReadAnswer = {
  createAnswer: () => Answer;
  readInto: (answer: Answer, dialect: string, said: unknown) => void;
  readEvents: (stream: Response['body']) => AsyncIterable<unknown>;
  isEnd: (event: unknown) => boolean;
  listCalls: (answer: Answer) => unknown[];
};

const pageScript: ReadAnswer = await import(pathToFileURL('assets/read-answer.js').href);

/** What the page is told of a trial. */
const Described = z.object({ path: z.string(), body: z.looseObject({}) });

const run = promisify(execFile);

const URL = 'http://127.0.0.1:6789';

/** What breaks out of quotes in a shell, in Python and in JavaScript. */
const NASTY = `it's "quoted" \\ $(touch x) \`id\` \${HOME} $& 🎈\n</script>`;
const TRIAL: TrialRequest = { model: 'sonnet', messages: [{ role: 'user', text: NASTY }] };

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

  test.each([false, true])(
    'the page finds what was said, and its end, in one piece: %s',
    async (isWhole) => {
      const app = createTestApp();
      const form = { dialect: trial.name, ...TRIAL, isWhole };
      const { body } = Described.parse(await (await post(app, '/dashboard/trial', form)).json());
      const response = await post(app, path, body);
      const said = isWhole
        ? [await response.json()]
        : await Array.fromAsync(pageScript.readEvents(response.body));
      const answer = pageScript.createAnswer();
      for (const one of said) pageScript.readInto(answer, trial.name, one);
      expect(answer).toMatchObject({ text: 'Hello.', usage: { input: 1, output: 1 } });
      expect(answer.finish).toMatch(/^(stop|end_turn|completed)$/);
      expect(isWhole || said.findIndex(pageScript.isEnd) === said.length - 1).toBe(true);
    },
  );

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
    const code = stripTypeScriptTypes(typescript ?? '').replace(/^import .*$/m, '');
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
