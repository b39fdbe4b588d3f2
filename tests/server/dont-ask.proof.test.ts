import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import type { Answer } from '../../src/demo/model-server.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;
afterEach(() => proxy.stop());

/** What an agent tries without any tool that is allowed, and whether it does it; docs/agents.md tells it. */
const TRIALS = [
  ['Bash', 'id', 'done'],
  ['Bash', 'git log', 'done'],
  ['Bash', 'cat inside.txt', 'done'],
  ['Bash', 'cat inside.txt | wc -c', 'done'],
  ['Bash', 'find . -name inside.txt', 'done'],
  ['Bash', 'cat OUTSIDE', 'denied'],
  ['Bash', 'ls OUTSIDE', 'denied'],
  ['Bash', 'env', 'denied'],
  ['Bash', 'touch made', 'denied'],
  ['Bash', 'echo more > made', 'denied'],
  ['Bash', 'curl http://127.0.0.1:9', 'denied'],
  ['Bash', 'node --version', 'done'],
  ['Bash', 'node -e 1', 'denied'],
  ['Read', 'INSIDE', 'done'],
  ['Read', 'OUTSIDE', 'denied'],
  ['Write', 'INSIDE', 'denied'],
  ['Edit', 'INSIDE', 'denied'],
] as const;

test('dontAsk lets an agent read in its folder, and denies what writes, goes out or runs programs', async () => {
  proxy = await startProxy({ answer });
  const outside = join(proxy.folder, 'outside.txt');
  await mkdir(join(proxy.folder, 'workspace'), { recursive: true });
  await writeFile(outside, 'outside');
  await writeFile(toInside(), 'inside');

  const response = await proxy.send('/api/run', { prompt: 'Try.', permissionMode: 'dontAsk' });
  const { permissionDenials } = (await response.json()) as {
    permissionDenials: { toolUseId: string }[];
  };
  const denied = new Set(permissionDenials.map(({ toolUseId }) => toolUseId));
  const seen = TRIALS.map(([tool, what], index) => [
    tool,
    what,
    denied.has(`toolu_${index}`) ? 'denied' : 'done',
  ]);
  expect(seen).toEqual(TRIALS);
  const said = JSON.stringify(proxy.model.requests.at(-1)?.body.messages);
  expect(said.includes('No such tool')).toBe(false);
});

/** Tries one after the other. */
const answer: Answer = ({ messages }) => {
  const count = JSON.stringify(messages).split('"tool_result"').length - 1;
  const trial = TRIALS[count];
  if (!trial) return textReply('Tried.');
  const [name, what] = trial;
  const outside = join(proxy.folder, 'outside.txt');
  return toolReply([{ id: `toolu_${count}`, name, input: toInput(name, what, outside) }]);
};

function toInput(name: (typeof TRIALS)[number][0], what: string, outside: string) {
  const path = what === 'OUTSIDE' ? outside : toInside();
  if (name === 'Bash') return { command: what.replace('OUTSIDE', outside), description: 'Try' };
  if (name === 'Read') return { file_path: path };
  if (name === 'Write') return { file_path: path, content: 'changed' };
  return { file_path: path, old_string: 'inside', new_string: 'changed' };
}

function toInside() {
  return join(proxy.folder, 'workspace/inside.txt');
}
