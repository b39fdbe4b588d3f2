import { beforeAll, describe, expect, test } from 'vitest';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { TOOLS } from './weather.ts';
import { ask, TOOL_DIALECTS, type Turn } from './tool-dialects.ts';
import { lastRequest, toResults, toSpoken } from './upstream.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const OPENAI = TOOL_DIALECTS.filter(({ path }) => !path.includes('messages'));

describe.each(OPENAI)('$name', (dialect) => {
  test.each(['functions.get_weather:0', 'toolu_same'])(
    'a model may call with the id %j twice: each result reaches its own call',
    async (id) => {
      const cities = ['Rome', 'Oslo'];
      proxy.model.answer = () => {
        const city = cities.shift();
        return city
          ? toolReply([{ id, name: 'get_weather', input: { city } }])
          : textReply('Done.');
      };
      const turns: Turn[] = [{ user: `How is the weather? ${id} ${dialect.name}` }];
      for (const content of ['sun', 'snow']) {
        const { calls } = await ask(proxy, dialect, { turns, tools: TOOLS });
        expect(calls).toHaveLength(1);
        turns.push({ calls }, { results: [{ id: calls[0]?.id ?? '', content }] });
      }
      await ask(proxy, dialect, { turns, tools: TOOLS });

      const last = lastRequest(proxy);
      expect(toResults(last)).toHaveLength(1);
      const blocks = toSpoken(last).flatMap(({ content }) => content);
      const ids = blocks.flatMap((block) => (block.type === 'tool_use' ? [block['id']] : []));
      const answered = blocks.filter(({ type }) => type === 'tool_result');
      expect(ids).toHaveLength(2);
      expect(answered.map((block) => block['tool_use_id'])).toEqual(ids);
      expect(answered.map(({ content }) => JSON.stringify(content))).toEqual([
        expect.stringContaining('sun'),
        expect.stringContaining('snow'),
      ]);
    },
  );
});
