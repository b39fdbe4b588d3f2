import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { addKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';

const PROMPT = 'You are the REVIEWER.';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy({
    answer: (body) => {
      const said = JSON.stringify(body.messages);
      if (JSON.stringify(body.system).includes(PROMPT)) {
        if (said.includes('tool_result')) return textReply('I saw it.');
        const input = { command: 'touch reviewed', description: 'note' };
        return toolReply([{ name: 'Bash', input }]);
      }
      if (said.includes('I saw it.')) return textReply('The reviewer saw it.');
      if (said.includes('tool_result')) return textReply('I wait.');
      const input = { description: 'review', prompt: 'Review.', subagent_type: 'reviewer' };
      return toolReply([{ name: 'Agent', input }]);
    },
  });
});

const run = async (subagent: object, key?: string) => {
  const reviewer = { description: 'Reviews what was done.', prompt: PROMPT, ...subagent };
  const seen = proxy.model.requests.length;
  const response = await proxy.send(
    '/api/run',
    { model: 'sonnet', prompt: 'Work.', allowedTools: ['Bash'], agents: { reviewer } },
    key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } },
  );
  const { result } = (await response.json()) as { result: string }; // a run's answer
  const requests = proxy.model.requests.slice(seen).map(({ body }) => body);
  const asked = requests.find(({ system }) => JSON.stringify(system).includes(PROMPT));
  const files = await readdir(join(proxy.folder, 'workspace'));
  return { result, requests, asked, files };
};

test('a sub-agent of the caller’s has its prompt, its model and its tools', async () => {
  const { result, requests, asked, files } = await run({ model: 'haiku', tools: ['Read'] });
  expect(JSON.stringify(requests[0])).toContain('reviewer: Reviews what was done.');
  expect(asked?.model).toMatch(/haiku/);
  expect(asked?.tools?.map(({ name }) => name)).toEqual(['Read']);
  expect(result).toBe('The reviewer saw it.');
  expect(files).toEqual([]);
});

test('what the key denies its sub-agents are denied, too', async () => {
  const file = toKeysFile(join(proxy.folder, 'state'));
  const rules = { scopes: ['agent' as const], deniedTools: ['Bash(touch *)'] };
  const { key } = await addKey(file, 'robot', rules);
  const { result, files } = await run({ tools: ['Bash'] }, key);
  expect(result).toBe('The reviewer saw it.');
  expect(files).toEqual([]);

  expect((await run({ tools: ['Bash'] })).files).toEqual(['reviewed']);
});
