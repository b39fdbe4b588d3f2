import { expect, onTestFinished, test } from 'vitest';

import { CALLS } from '../support/calls.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;

test('the CLI’s own tools see listed variables and those that CHILD_ENV names, and no key', async () => {
  proxy = await startProxy({
    settings: { CHILD_ENV: 'BUILD_NUMBER' },
    environment: {
      BUILD_NUMBER: 'the-named-one',
      LANG: 'C.UTF-8',
      DATABASE_PASSWORD: 'the-unlisted-one',
      PROXY_API_KEY: KEY,
      proxy_api_key: KEY,
      CLAUDECODE: 'the-inherited-one',
    },
  });
  onTestFinished(() => proxy.stop());
  const lines = await readEnvironment();
  expect(lines).toContain('BUILD_NUMBER=the-named-one');
  expect(lines).toContain('LANG=C.UTF-8');
  expect(lines).not.toMatch(/^DATABASE_PASSWORD=/m);
  expect(lines).not.toMatch(/^PROXY_API_KEY=/im);
  for (const secret of [KEY, 'the-unlisted-one', 'the-inherited-one']) {
    expect(lines).not.toContain(secret);
  }
});

test('what the tools leave in their temporary folder goes with the server', async () => {
  proxy = await shareProxy();
  const lines = await readEnvironment();
  expect(/^TMPDIR=(.*)$/m.exec(lines)?.[1]).not.toBe(process.env['TMPDIR'] ?? '/tmp');
});

/** Reads upstream what the Bash tool printed: the answer itself quotes only its beginning. */
async function readEnvironment(): Promise<string> {
  const response = await proxy.send(CALLS['agent runs'].path, {
    prompt: 'demo:bash=env | sort',
    allowedTools: ['Bash'],
  });
  expect(response.status).toBe(200);
  const { messages } = proxy.model.requests.at(-1)?.body ?? { messages: [] };
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  const result = blocks.find(({ type }) => type === 'tool_result');
  return typeof result?.content === 'string' ? result.content : JSON.stringify(result?.content);
}
