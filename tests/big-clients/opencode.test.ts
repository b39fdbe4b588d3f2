import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { KEY } from '../support/start-proxy.ts';
import { installClient, type Lab, openLab } from './clients.ts';

let program: string;
let lab: Lab;
beforeAll(async () => {
  program = await installClient('opencode-ai', 'opencode');
  lab = await openLab();
});
afterAll(() => lab.stop());

test.each([
  ['@ai-sdk/openai-compatible', '/v1'],
  ['@ai-sdk/anthropic', '/v1'],
  ['@ai-sdk/openai', '/v1'],
] as const)('a command over %s', async (npm, path) => {
  const options = { baseURL: lab.proxy.url + path, apiKey: KEY };
  const config = { provider: { proxy: { npm, options, models: { sonnet: {} } } } };
  await writeFile(join(lab.work, 'opencode.json'), JSON.stringify(config));
  lab.play([{ name: 'bash', input: { command: 'echo one-$((1 + 1))', description: 'Say it' } }]);
  const printed = await lab.run(program, ['run', '-m', 'proxy/sonnet', 'Do it.'], {
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
  });
  expect(printed).toContain('All done.');
  expect(lab.said()).toContain('one-2');
});
