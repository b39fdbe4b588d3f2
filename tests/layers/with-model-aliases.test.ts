import { expect, test } from 'vitest';

import type { Run, RunRequest } from '../../src/run.ts';
import { toAgentRequest } from '../sessions/agent-request.ts';
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

test('sub-agents get the models that are meant', async () => {
  const requests: RunRequest[] = [];
  const keep: Run = async function* keeping(request) {
    requests.push(request);
    yield* [];
  };
  const askWith = async (model: string) => {
    const subagents = {
      a: { description: 'A', prompt: 'B', model },
      b: { description: 'C', prompt: 'D' },
    };
    const request = toAgentRequest({ subagents });
    const named = withModelAliases(keep, new Map([['gpt-4o', 'sonnet']]));
    await Array.fromAsync(named(request, new AbortController().signal));
    return requests.pop()?.agent?.subagents;
  };
  expect(await askWith('gpt-4o')).toEqual({
    a: { description: 'A', prompt: 'B', model: 'sonnet' },
    b: { description: 'C', prompt: 'D' },
  });
  await expect(askWith('--help')).rejects.toMatchObject({ code: 'model-not-found' });
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
