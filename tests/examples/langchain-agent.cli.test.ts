import { join } from 'node:path';

import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
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
    env: { BASE_URL: proxy.url, PROXY_API_KEY: KEY },
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

test('against the demo it makes the calls that the prompt names', async () => {
  proxy.model.answer = demoAnswer;

  const { stdout } = await execa(process.execPath, [AGENT, 'demo:tool=weather'], {
    env: { BASE_URL: proxy.url, PROXY_API_KEY: KEY },
  });

  expect(stdout).toContain('tool: demo: sunny, 21 °C');
  expect(stdout).toContain('ai: The tool said: "demo: sunny, 21 °C".');
});
