import { join } from 'node:path';

import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { KEY, type Proxy } from '../support/start-proxy.ts';
import { toResults } from '../tools/upstream.ts';

const AGENT = join(import.meta.dirname, '../../examples/langchain-agent.js');

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

test('the agent calls both tools with what it learnt, and says what came of it', async () => {
  const replies = [
    toolReply([{ name: 'weather', input: { city: 'Paris' } }]),
    toolReply([{ name: 'to_fahrenheit', input: { celsius: 21 } }]),
    textReply('It is warm.'),
  ];
  proxy.model.answer = () => replies.shift() ?? textReply('Too many.');

  const { stdout } = await execa(process.execPath, [AGENT, 'How warm is Paris?'], {
    env: { BASE_URL: proxy.url, PROXY_API_KEY: KEY, ...COMPILE_CACHE },
  });

  expect(stdout.split('\n')).toEqual([
    'human: How warm is Paris?',
    'ai: weather({"city":"Paris"})',
    'tool: Paris: sunny, 21 °C',
    'ai: to_fahrenheit({"celsius":21})',
    'tool: 69.8 °F',
    'ai: It is warm.',
  ]);
  expect(proxy.model.requests.flatMap(toResults)).toHaveLength(2);
});
