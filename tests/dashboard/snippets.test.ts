import { execFile } from 'node:child_process';
import { stripTypeScriptTypes } from 'node:module';
import { promisify } from 'node:util';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';

import { toSnippets } from '../../src/dashboard/snippets/to-snippets.ts';
import { type TrialName, TRIALS } from '../../src/dashboard/trials.ts';
import { createTestApp, get, post } from '../support/create-test-app.ts';

const run = promisify(execFile);

const URL = 'http://127.0.0.1:6789';
const NAMES = Object.keys(TRIALS) as TrialName[];

/** What breaks out of quotes in a shell, in Python and in JavaScript. */
const NASTY = `it's "quoted" \\ $(touch x) \`id\` \${HOME} $& 🎈\n</script>`;
const TRIAL = { model: 'sonnet', prompt: NASTY };

describe.each(NAMES)('%s', (name) => {
  test('the request is one that the server takes', async () => {
    const { path, toBody } = TRIALS[name];
    const response = await post(createTestApp(), path, toBody(TRIAL));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await response.text()).toContain('Hello.');
  });

  test('the shell hands curl the whole prompt, and runs nothing in it', async () => {
    const { curl } = toSnippets(name, TRIAL, URL);
    const script = `curl() { for word; do printf '%s\\0' "$word"; done; }\n${curl}`;
    const { stdout } = await run('sh', ['-c', script], { env: { PROXY_API_KEY: 'the-key' } });
    const words = stdout.split('\0');
    expect(words).toContain(URL + TRIALS[name].path);
    expect(words).toContain('Authorization: Bearer the-key');
    expect(JSON.parse(words[words.indexOf('-d') + 1] ?? '')).toEqual(TRIALS[name].toBody(TRIAL));
  });

  test('the TypeScript is code', () => {
    const { typescript } = toSnippets(name, TRIAL, URL);
    const code = stripTypeScriptTypes(typescript).replace(/^import .*$/m, '');
    expect(() => new Script(`async () => {${code}}`)).not.toThrow();
    expect(typescript).toContain(JSON.stringify(NASTY));
  });

  test('Python and LangChain name the server and the prompt, and no key', () => {
    const { python, langchain } = toSnippets(name, TRIAL, URL);
    for (const code of [python, langchain]) {
      expect(code).toContain(URL);
      expect(code).toContain(JSON.stringify(NASTY));
      expect(code).toContain('os.environ["PROXY_API_KEY"]');
    }
  });
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
