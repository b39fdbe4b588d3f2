import { expect, test } from 'vitest';

import { countWithTags, withTags } from '../../src/layers/with-tags.ts';
import { collectRun } from '../../src/run-answer.ts';
import type { Run } from '../../src/run.ts';
import { toChatRequest } from '../claude/chat-request.ts';

const USAGE = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: undefined };
const OPTIONS = { tags: ['gpu'], readMore: () => Promise.resolve(['account:ana@example.com']) };
const { signal } = new AbortController();

const run: Run = async function* answer() {
  yield { type: 'run-start', id: 'msg_1', model: 'm', sessionId: undefined, usage: USAGE };
  yield {
    type: 'run-end',
    finish: 'stop',
    stopSequence: undefined,
    usage: USAGE,
    agent: undefined,
  };
};

test.each([[undefined], [[]], [['gpu']], [['gpu', 'account:ana@example.com']]])(
  'tags %j are there',
  async (tags) => {
    const request = { ...toChatRequest(), tags };
    expect(await collectRun(withTags(run, OPTIONS)(request, signal))).toMatchObject({
      start: { id: 'msg_1' },
    });
    expect(await countWithTags(() => Promise.resolve(7), OPTIONS)(request, signal)).toBe(7);
  },
);

test('what lacks is named, and nothing is run', async () => {
  const request = { ...toChatRequest(), tags: ['gpu', 'eu', 'account:bob@example.com'] };
  const failure = {
    code: 'invalid-request',
    message:
      'This server lacks what the request or its key asks for: eu, account:bob@example.com (see WORKER_TAGS).',
    param: 'tags',
  };
  await expect(collectRun(withTags(run, OPTIONS)(request, signal))).rejects.toMatchObject({
    ...failure,
  });
  await expect(
    countWithTags(() => Promise.reject(new Error('counted')), OPTIONS)(request, signal),
  ).rejects.toMatchObject({ message: failure.message });
});
