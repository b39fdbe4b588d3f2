import { expect, test } from 'vitest';

import type { Run, RunRequest } from '../../src/run.ts';
import { withModelAliases } from '../../src/layers/with-model-aliases.ts';

const asked: string[] = [];
const record: Run = async function* recording({ model }) {
  asked.push(model);
  yield* [];
};
const run = withModelAliases(record, new Map([['gpt-4o', 'sonnet']]));

async function ask(model: string) {
  // Only the model is read here.
  await Array.fromAsync(run({ model } as RunRequest, new AbortController().signal));
  return asked.pop();
}

test('the operator’s names are replaced', async () => {
  expect(await ask('gpt-4o')).toBe('sonnet');
});

test.each([
  'sonnet',
  'claude-sonnet-5-5',
  'opus[1m]',
  'us.anthropic.claude:0',
  'claude@2025',
  'a/b',
])('%s passes as it is', async (model) => {
  expect(await ask(model)).toBe(model);
});

test.each(['', '--help', 'a b', 'a\nb', '$(id)', 'x'.repeat(300), 'claude\0'])(
  '%j cannot be a model and never reaches the CLI',
  async (model) => {
    await expect(ask(model)).rejects.toMatchObject({ code: 'model-not-found' });
    expect(asked).toEqual([]);
  },
);
