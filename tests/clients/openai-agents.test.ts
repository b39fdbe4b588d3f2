import {
  Agent,
  applyPatchTool,
  OpenAIProvider,
  Runner,
  shellTool,
  tool,
  type Editor,
} from '@openai/agents';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';

const DIFF = '@@\n-old\n+new';

/** An agent with tools of its own and the built-in ones, and what these were asked to do. */
function openAgent({ useResponses }: { useResponses: boolean }) {
  const proxy = createScriptedProxy();
  const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY, fetch: proxy.fetch });
  const runner = new Runner({
    modelProvider: new OpenAIProvider({ openAIClient: client, useResponses }),
    tracingDisabled: true,
  });
  const done: unknown[] = [];
  const note = async (operation: unknown) => void done.push(operation);
  const editor: Editor = { createFile: note, updateFile: note, deleteFile: note };
  const shell = shellTool({
    shell: {
      async run({ commands }) {
        done.push(commands);
        const outcome = { type: 'exit' as const, exitCode: 3 };
        return { output: [{ stdout: 'a.txt', stderr: 'No b.', outcome }] };
      },
    },
  });
  const weather = tool({
    name: 'weather',
    description: 'Tells the weather.',
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => `Sunny in ${city}.`,
  });
  const builtIn = useResponses ? [shell, applyPatchTool({ editor })] : [];
  const agent = new Agent({ name: 'Ada', model: 'sonnet', tools: [weather, ...builtIn] });
  const play = (calls: Parameters<typeof toolReply>[0], end = 'All done.') => {
    const left = [...calls];
    proxy.model.answer = () => {
      const call = left.shift();
      return call ? toolReply([call]) : textReply(end);
    };
  };
  const said = () => JSON.stringify(proxy.model.requests.at(-1)?.body.messages);
  return { agent, runner, done, play, said };
}

async function toOutput(runner: Runner, agent: Agent, stream: boolean) {
  if (!stream) return (await runner.run(agent, 'How is it?')).finalOutput;
  const result = await runner.run(agent, 'How is it?', { stream });
  await result.completed;
  return result.finalOutput;
}

test('the built-in shell and patches are called, and what they found goes up', async () => {
  const { agent, runner, done, play, said } = openAgent({ useResponses: true });
  play([
    { name: 'shell', input: { commands: ['ls a.txt b.txt'] } },
    { name: 'apply_patch', input: { type: 'update_file', path: 'a.txt', diff: DIFF } },
    { name: 'weather', input: { city: 'Paris' } },
  ]);
  const { finalOutput } = await runner.run(agent, 'Do it.');

  expect(finalOutput).toBe('All done.');
  expect(done).toEqual([['ls a.txt b.txt'], { type: 'update_file', path: 'a.txt', diff: DIFF }]);
  for (const found of [
    'a.txt',
    'No b.',
    'Exit code: 3',
    'The patch has completed.',
    'Sunny in Paris.',
  ])
    expect(said()).toContain(found);
});

describe.each([
  ['responses', true],
  ['chat completions', false],
] as const)('over %s', (_name, useResponses) => {
  test.each([false, true])('a tool is called; streamed: %s', async (stream) => {
    const { agent, runner, play, said } = openAgent({ useResponses });
    play([{ name: 'weather', input: { city: 'Rome' } }]);
    expect(await toOutput(runner, agent, stream)).toBe('All done.');
    expect(said()).toContain('Sunny in Rome.');
  });

  test('an object of a type is the final output', async () => {
    const { runner, play } = openAgent({ useResponses });
    play([], '{"name":"Ada"}');
    const outputType = z.object({ name: z.string() });
    const typed = new Agent({ name: 'Ada', model: 'sonnet', outputType });
    const { finalOutput } = await runner.run(typed, 'Who?');
    expect(finalOutput).toEqual({ name: 'Ada' });
  });
});
