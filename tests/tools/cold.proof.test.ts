import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readProcesses, untilNoProcess } from '../support/watch-place.ts';
import { anthropicMessages, ask, TOOL_DIALECTS, type ToolRequest, WAYS } from './tool-dialects.ts';
import { lastRequest, toProcess, toSpoken, wentOn } from './upstream.ts';
import { call, CALLS, FOLLOW_UP, modelAnswer, REPLAYED, RESULTS, TOOLS } from './weather.ts';

describe('the results are used, whole conversation and all,', () => {
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy({ answer: modelAnswer });
  });
  afterAll(() => proxy.stop());

  test.each(WAYS)('by a server that never saw the calls: $name', async ({ dialect, stream }) => {
    const answer = await ask(proxy, dialect, { ...FOLLOW_UP, stream });

    expect(answer).toMatchObject({ text: 'Done.', calls: [], reason: dialect.reasons.stop });
    expect(toSpoken(lastRequest(proxy))).toEqual(REPLAYED);
  });

  describe.each(TOOL_DIALECTS)('$name', (dialect) => {
    test.each<[string, Partial<ToolRequest>, unknown]>([
      [
        'when the history was edited',
        { turns: [{ user: 'And now?' }, ...FOLLOW_UP.turns.slice(1)] },
        [{ content: [{ text: 'And now?' }] }, ...REPLAYED.slice(1)],
      ],
      [
        'with text beside the results',
        { turns: [...FOLLOW_UP.turns.slice(0, 2), { results: RESULTS, text: 'Be brief.' }] },
        [...REPLAYED.slice(0, 2), { content: [{}, {}, { type: 'text', text: 'Be brief.' }] }],
      ],
      ['with other tools from now on', { tools: [...TOOLS, { name: 'get_time' }] }, REPLAYED],
      ['with other instructions', { system: 'Speak Latin.' }, REPLAYED],
      ['with another model', { model: 'opus' }, REPLAYED],
      ['from another user', { user: 'somebody-else' }, REPLAYED],
    ])('%s', async (_, changes, spoken) => {
      await call(proxy, dialect);
      const known = new Set(proxy.model.requests.map(toProcess));
      const answer = await ask(proxy, dialect, { ...FOLLOW_UP, ...changes });

      expect(answer).toMatchObject({ text: 'Done.', calls: [], reason: dialect.reasons.stop });
      const request = lastRequest(proxy);
      expect(wentOn(request)).toBe(false);
      // A process that serves the caller already is told the conversation anew, if it can be told that.
      const isServed = changes.user === undefined && changes.tools === undefined;
      expect(known.has(toProcess(request)) || !isServed).toBe(true);
      expect(toSpoken(request)).toMatchObject(spoken as object);
    });
  });

  test('with a document among the results', async () => {
    await call(proxy, anthropicMessages);
    const results = [{ id: 'toolu_rome', content: [{ document: 'JVBERi0xLjQK' }] }, RESULTS[1]];
    await ask(proxy, anthropicMessages, {
      ...FOLLOW_UP,
      turns: [...FOLLOW_UP.turns.slice(0, 2), { results }],
    });

    expect(toSpoken(lastRequest(proxy)).at(-1)).toMatchObject({
      content: [
        {
          tool_use_id: 'toolu_rome',
          content: [{ type: 'document', source: { data: 'JVBERi0xLjQK' } }],
        },
        { tool_use_id: 'toolu_oslo', content: [{ text: 'snow' }] },
      ],
    });
  });

  test('with the thinking that stood before the calls, since the API wants it there', async () => {
    const thinking = {
      type: 'thinking' as const,
      thinking: 'Hm, the weather.',
      signature: 'c2lnbmVk',
    };
    const turns = [FOLLOW_UP.turns[0], { calls: CALLS, thinking }, FOLLOW_UP.turns[2]];
    await ask(proxy, anthropicMessages, {
      turns,
      tools: TOOLS,
      more: { thinking: { type: 'adaptive' } },
    });

    expect(toSpoken(lastRequest(proxy))[1]).toEqual({
      role: 'assistant',
      content: [thinking, ...REPLAYED[1].content.slice(1)],
    });
  });
});

test('a process whose results went another way is not kept', async () => {
  const proxy = await startProxy({ answer: modelAnswer, settings: ONE_EACH });
  try {
    await call(proxy, anthropicMessages);
    await ask(proxy, anthropicMessages, { ...FOLLOW_UP, system: 'Speak Latin.' });

    await untilNoProcess(proxy);
    expect(await readProcesses(proxy)).toEqual([]);
  } finally {
    await proxy.stop();
  }
});
